"""Write the parts of the pages that are computed: a file for each, and their places."""
