"""Who leads whom as a graph: centrality, fragility, the mesh of narratives, sources and events.

Here: graphs of what ``information`` found, and what they show. Not here: the estimates themselves.
"""
