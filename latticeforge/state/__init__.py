"""The state of attention as a whole, window by window: how streams stand, how they move together, what is believed.

Here: rows of ``state_model`` out of stored rows, by the pure library (``signals``, ``detectors``, ``information``,
``fusion``). No I/O, no clock. Not here: reading and writing (``radar.state_stages``), and whatever a link rests on
(``narratives``): nothing of this moves a score.

Every window's rows follow from the rows before its end alone, so that hours can be computed in any order.
"""
