"""Breaking the radar on purpose, to see that nothing is lost: what `lf chaos` runs.

Here: a small world of publishers that misbehave, a radar process that is killed, a database that is shut down under it,
a clock that jumps, and the comparison with an undisturbed run. Not here: anything the running system needs.
Everything stays on this machine: publishers listen on loopback, the database lives in a folder of its own.
"""
