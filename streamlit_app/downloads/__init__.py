"""The data beside the pages, for programs: routes, forms, and the feed of new links."""
