"""Guards of the files that people hand in."""

from mutant import Mutant

LISTS = "tests/integration/test_cli_lists.py"
MUTATED = "tests/unit/lists/test_lists_mutated.py"
NUMBERS = "tests/unit/domain/call/test_number.py"

MUTANTS = [
    Mutant(
        "a line is kept up to a bound",
        "dialer/lists/physical.py",
        "return line if len(line) <= LONGEST else line[:LONGEST] + line[-1:]",
        "return line",
        MUTATED,
    ),
    Mutant(
        "what is no list is named",
        "dialer/lists/physical.py",
        "        check_kind(self._head)\n",
        "",
        LISTS,
    ),
    Mutant(
        "a file without a call is named",
        "dialer/lists/orders.py",
        "    if lines.first() and not",
        "    if False and not",
        LISTS,
    ),
    Mutant(
        "a wanted column is there once",
        "dialer/lists/table.py",
        "if doubled := [name for name in wanted if counted[same_name(name)] > 1]:",
        "if doubled := []:",
        LISTS,
    ),
    Mutant(
        "a row that may be shifted rings nobody",
        "dialer/lists/table.py",
        "len(cells) > needed and not any(map(str.strip, cells[width:]))",
        "len(cells) > needed",
        LISTS,
    ),
    Mutant(
        "the delimiter is the one of the wanted columns",
        "dialer/lists/table.py",
        "return len(names & set(map(same_name, header[1]))), len(header[1])",
        "return 0, len(header[1])",
        LISTS,
    ),
    Mutant(
        "a row without a number in its place is searched",
        "dialer/lists/numbers.py",
        "return found or self._take(cells, others)",
        "return found",
        LISTS,
    ),
    Mutant(
        "a line that cannot be read is searched for numbers",
        "dialer/lists/numbers.py",
        "numbers = _numbers(row.value)",
        "numbers = []",
        LISTS,
    ),
    Mutant(
        "an id that looks like a number is none",
        "dialer/lists/numbers.py",
        "return bool(_OTHER.search(name)) and not _PHONE.search(name)",
        "return False",
        LISTS,
    ),
    Mutant(
        "a phone that an account has is one",
        "dialer/lists/numbers.py",
        "return bool(_OTHER.search(name)) and not _PHONE.search(name)",
        "return bool(_OTHER.search(name))",
        LISTS,
    ),
    Mutant(
        "a column that was left out is said",
        "dialer/lists/numbers.py",
        "_note(self.left_out, self._name(key))",
        "pass",
        LISTS,
    ),
    Mutant(
        "a line with a number is no comment",
        "dialer/lists/physical.py",
        "(_COMMENT.match(text) and not numbers_in(text))",
        "_COMMENT.match(text)",
        LISTS,
    ),
    Mutant(
        "a number that is written short is one",
        "dialer/domain/call/number.py",
        "return [*found, *(",
        "return [*found] or [*(",
        NUMBERS,
    ),
    Mutant(
        "a bad number keeps no good one from the list",
        "dialer/cli/suppress.py",
        "            bad += 1\n            output.complain(mask_words(str(error)))",
        "            raise",
        LISTS,
    ),
    Mutant(
        "a report has a place before the first row",
        "dialer/cli/campaign/contacts.py",
        "file != STDIN\n        and path.is_file()",
        "file != STDIN\n        and path.exists()",
        LISTS,
    ),
    Mutant(
        "a report that broke off says so",
        "dialer/lists/report.py",
        'self._writer.writerow(("", "stopped", "", "", "", _STOPPED))',
        "pass",
        LISTS,
    ),
    Mutant(
        "an old report does not look current",
        "dialer/lists/report.py",
        "self.path.unlink()",
        "pass",
        LISTS,
    ),
    Mutant(
        "a report replaces nothing but a file",
        "dialer/lists/report.py",
        "if path.exists() and not path.is_file():",
        "if False:",
        LISTS,
    ),
    Mutant(
        "closed standard input is a sentence",
        "dialer/cli/source.py",
        'if "stdin" in output.CLOSED:',
        "if False:",
        LISTS,
    ),
]
