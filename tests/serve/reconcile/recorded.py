"""Requests of OpenRefine 3.9.3, as recorded from its classes `StandardReconConfig` and `ReconciledDataExtensionJob`.

The table has the columns title, authors and year; the titles are reconciled with the two others beside them, which are text and
numbers. The extension is of two clusters that no index has.
"""

HEADERS = {
    "Accept-Encoding": "gzip, x-gzip, deflate",
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "Connection": "keep-alive",
    "User-Agent": "OpenRefine/",
}
TITLE = "Über “Corals”: C++ & more"
QUERIES = (
    "queries=%7B%22q0%22%3A%7B%22query%22%3A%22%C3%9Cber+%E2%80%9CCorals%E2%80%9D%3A+C%2B%2B+%26+more%22%2C%22type%"
    "22%3A%22work%22%2C%22properties%22%3A%5B%7B%22pid%22%3A%22authors%22%2C%22v%22%3A%22Ada+Lovelace%3B+Alan+Turin"
    "g%22%7D%2C%7B%22pid%22%3A%22year%22%2C%22v%22%3A2015%7D%5D%2C%22type_strict%22%3A%22should%22%7D%2C%22q1%22%3A"
    "%7B%22query%22%3A%22Bo%22%2C%22type%22%3A%22work%22%2C%22properties%22%3A%5B%7B%22pid%22%3A%22authors%22%2C%22"
    "v%22%3A%22Hopper%2C+Grace%22%7D%2C%7B%22pid%22%3A%22year%22%2C%22v%22%3A2015%7D%5D%2C%22type_strict%22%3A%22sh"
    "ould%22%7D%2C%22q2%22%3A%7B%22query%22%3A%2210.5555%2FAAA.1%22%2C%22type%22%3A%22work%22%2C%22type_strict%22%3"
    "A%22should%22%7D%2C%22q3%22%3A%7B%22query%22%3A%22A+paper+that+no+source+has%22%2C%22type%22%3A%22work%22%2C%2"
    "2properties%22%3A%5B%7B%22pid%22%3A%22authors%22%2C%22v%22%3A%22X%22%7D%2C%7B%22pid%22%3A%22year%22%2C%22v%22%"
    "3A1999%7D%5D%2C%22type_strict%22%3A%22should%22%7D%7D"
)
EXTEND = (
    "extend=%7B%22ids%22%3A%5B%22c1%22%2C%22caaaaaaaaaaaaa%22%5D%2C%22properties%22%3A%5B%7B%22id%22%3A%22doi%22%7D"
    "%2C%7B%22id%22%3A%22authors%22%2C%22settings%22%3A%7B%22limit%22%3A%221%22%7D%7D%2C%7B%22id%22%3A%22year%22%7D"
    "%2C%7B%22id%22%3A%22size%22%7D%2C%7B%22id%22%3A%22records%22%7D%5D%7D"
)
