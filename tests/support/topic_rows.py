"""Makes short texts about any number of topics, none included."""

import random

SENTENCES = {
    "sport": ["the team won the final match", "the goalkeeper saved a penalty", "fans cheered in the stadium"],
    "politics": ["the parliament passed a new law", "the minister resigned", "voters went to the polls"],
    "music": ["the orchestra played a symphony", "the singer released an album", "the choir rehearsed a hymn"],
    "food": ["the chef baked fresh bread", "the soup needs garlic", "guests enjoyed the dessert"],
}
TOPICS = list(SENTENCES)
_OTHERS = ["it was raining on monday", "people walked home slowly", "the bus arrived late", "a window stood open"]
_PLACES = ["town", "spring", "winter", "the city", "the village", "march"]


def make_rows(num_rows, seed=0):
    """Texts, and the topics of each in alphabetical order."""
    generator = random.Random(seed)
    texts, labels = [], []
    for number in range(num_rows):
        topics = generator.sample(TOPICS, generator.choices([0, 1, 2, 3], [2, 5, 3, 1])[0])
        parts = [generator.choice(SENTENCES[topic]) for topic in topics] + generator.sample(_OTHERS, 1)
        generator.shuffle(parts)
        texts.append(f"{', and '.join(parts)} in {generator.choice(_PLACES)} of {1500 + number}.")
        labels.append(sorted(topics))
    return texts, labels
