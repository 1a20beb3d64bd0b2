"""What every page is made of: words, colours, charts, cards, and the treatment of strangers' text."""
