"""Makes the rows of a benchmark: competition JSONL for ours, and the very same prompts for the bare loops.

python bench/rows.py N ROWS.jsonl PROMPTS.jsonl
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from augment.prompts import read_prompt
from augment.stages._prompting import fields_of
from augment.types import Row

NAMES = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
QUESTION = "选择题 1：谁站在最前面？"
FACTS = 19  # of about ten characters each: with the template around them a prompt has some 600


def main() -> None:
    number, rows_path, prompts_path = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    dice = random.Random(1)
    facts = [f"{one}站在{other}的前面，" for one in NAMES for other in NAMES if one != other]
    prompt = read_prompt("reason", "pupil", Path())
    with rows_path.open("w", encoding="utf-8") as rows, prompts_path.open("w", encoding="utf-8") as prompts:
        for index in range(number):
            problem = f"有 {index} 个人排队，{''.join(dice.choices(facts, k=FACTS))}请推理。"
            options, answer = dice.sample(NAMES, 4), dice.choice("ABCD")
            question = {"question": QUESTION, "options": options, "answer": answer}
            rows.write(dumped({"id": f"b{index}", "problem": problem, "questions": [question]}))
            row = Row("", "", problem=problem, question=QUESTION, options=options, answer=answer)
            prompts.write(dumped({"id": f"b{index}", "prompt": prompt.fill(fields_of(row))}))


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
