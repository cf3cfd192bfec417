"""The classifier: network and tokenizer together, loaded, saved, predicting and explaining."""
