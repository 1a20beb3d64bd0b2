"""Drawing one part of a page anew from another part of it.

Here: the one request for it. Not here: the parts (``app_pages``). ``st.rerun(key)`` asks the same of Streamlit, but
only from a widget's callback; a part that looks by itself has none, and ``st.rerun()`` draws the whole page:
navigation, masthead and all, for each of many open tabs.
"""

from __future__ import annotations

from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx


def part(key: str) -> None:
    """End this run, and draw the fragment ``key`` next. Called last in a fragment that has drawn all it draws.

    While the whole page is drawn it does nothing: what comes after the caller must be drawn too, and its next look
    asks again.
    """
    run = get_script_run_ctx()
    if run is None or not run.fragment_ids_this_run:
        return
    raise RerunException(
        RerunData(
            query_string=run.query_string,
            page_script_hash=run.page_script_hash,
            fragment_id_queue=run.fragment_storage.resolve_target(key),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=run.cached_message_hashes,
            context_info=run.context_info,
        )
    )
