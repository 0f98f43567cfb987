"""The web application: server-rendered pages, and the HTTP API beside them."""
