# Builds documents as a web service would hold them, writes them as JSON and reads them back.
# Run with PYTHONMALLOC=malloc, so that every object is a malloc. Argument: percentage of the work.
import json
import random
import sys

work = int(sys.argv[1])
generator = random.Random(1)


def make(depth):
    kind = generator.randrange(3) if depth else 3
    if kind == 0:
        return {f"member{i}": make(depth - 1) for i in range(generator.randrange(2, 9))}
    if kind == 1:
        return [make(depth - 1) for _ in range(generator.randrange(2, 9))]
    return generator.choice([None, True, generator.random(), "text " * generator.randrange(1, 12)])


total = 0
alive = []
for _ in range(3 * work):
    text = json.dumps(make(6))
    alive.append(json.loads(text))
    total += len(text)
    if len(alive) > 500:
        del alive[generator.randrange(500)]
print("checksum", total)
