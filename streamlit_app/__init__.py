"""The public dashboard: Streamlit pages over the marts, with a role that may read nothing else."""
