"""Files of payloads as users have them: single files, folders, archives; read lazily, in order, without unpacking anything to disk.

`archives.py` finds the parts of a file, `payloads.py` cuts a part into payloads, `keys.py` names the record that each is about,
`chunks.py` puts them together for Kafka, and `journal.py` remembers which of them Kafka has.
"""
