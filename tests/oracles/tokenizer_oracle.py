"""Ids and texts as Hugging Face's tokenizers library gives them, for src/model/tokenizer_oracle_test.cc.

tokenizer_oracle.py TOKENIZER.json CASES.json OUT.json, where CASES is {"texts": [text...],
"ids": [[id...]...]} and OUT gets "ids" of the texts, "decoded" and "decoded_skip_special"."""
import json
import sys

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    cases = json.load(file)
result = {
    "ids": [tokenizer.encode(text).ids for text in cases["texts"]],
    "decoded": [tokenizer.decode(ids, skip_special_tokens=False) for ids in cases["ids"]],
    "decoded_skip_special": [tokenizer.decode(ids) for ids in cases["ids"]],
}
with open(sys.argv[3], "w", encoding="utf-8") as file:
    json.dump(result, file)
