"""`streams serve`: the HTTP service. Ask for clusters, match documents, correct, subscribe.

resources.py   what requests share: index readers in threads, the settings
problems.py, problem_codes.py      errors as RFC 9457 problem documents with stable codes, and what each code means
access.py      who sent a request and what that client may do; how a route says what it needs
tokens.py, sessions.py      the file of hashed tokens, and the cookies of browsers
guards.py      what every request passes before the routes, by hosts.py and rate_limit.py
connections.py      slow and silent clients
app.py         the Litestar application, from the routes below
routes/        one module for each group of paths
reconcile/     OpenRefine's Reconciliation API
process.py     the process: bind, serve, stop
"""
