"""`streams serve`: the HTTP service. Ask for clusters, match documents, correct, subscribe.

resources.py   what requests share: index readers in threads, the settings
problems.py    errors as RFC 9457 problem documents with stable codes
app.py         the Litestar application, from the routes below
routes/        one module for each group of paths
process.py     the process: bind, serve, stop
"""
