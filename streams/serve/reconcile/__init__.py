"""OpenRefine's Reconciliation API 0.2 at `/reconcile`: rows of a spreadsheet to clusters, and fields of clusters to new columns.

An entity of that API is a cluster, its id a cluster id. Everything here but `answers.py` is pure; the paths are in
`streams/serve/routes/reconcile.py`.

protocol.py      the messages of the API, as types, and how they are read
manifest.py      the manifest: what the service offers, and where
properties.py    the properties: columns that a query may give, fields that a cluster has
questions.py     a query to what is asked of the index: names, and a document
candidates.py    what the index answered to candidates with score, features and `match`
answers.py       the answers for a batch of queries, for suggestions and for an extension, read from the index
extension.py     fields of clusters as columns
preview.py       a cluster as a small page
cross_origin.py  what lets a page of another origin ask: CORS headers, JSONP
"""
