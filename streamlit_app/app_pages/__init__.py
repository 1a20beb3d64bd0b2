"""The pages, each a script that Streamlit runs from the top for every reader."""
