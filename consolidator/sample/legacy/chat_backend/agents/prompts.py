"""Words that give a topic away."""

TOPICS = {
    "fares": ("price", "cost", "ticket", "fare"),
    "weather": ("wind", "storm", "weather", "rain"),
    "broken": ("broken",),
}


def topic_of(question: str) -> str:
    words = question.lower().split()
    for topic, hints in TOPICS.items():
        if any(word.startswith(hints) for word in words):
            return topic
    return "timetable"
