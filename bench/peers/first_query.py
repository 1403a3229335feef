"""first_query.py MODEL: from nothing to one query's vector, then the end of the process."""
import sys

from common import embed_query, load_model, query_ids

print(float(embed_query(load_model(sys.argv[1]), query_ids(16))[0]))
