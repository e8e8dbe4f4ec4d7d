#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""matrix.py [--check]: MATRIX.md, every invocation by every error it can answer with, naming the case: one by one for
the classic kernel, in a table for MCS, whose system calls have another one.

Read from the programs (CASE and invoke_case: which invocation a case makes) and from what they printed on the real
kernel (NAME.expected: what it answered). An outcome without a case has a reason, given in REASONS and EXCEPTIONS.
With --check, the status is 1 if MATRIX.md is not what would be written or a reason stands where a case is.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ABI = HERE.parent.parent / "abi"

OUTCOMES = ["NoError", "InvalidArgument", "InvalidCapability", "IllegalOperation", "RangeError", "AlignmentError",
            "FailedLookup", "TruncatedMessage", "DeleteFirst", "RevokeFirst", "NotEnoughMemory"]

REASONS = {
    "InvalidArgument": "it checks no value by itself",
    "InvalidCapability": "it takes no capability, or looks up a slot in it, or answers a wrong kind otherwise",
    "IllegalOperation": "nothing about its object or arguments forbids it",
    "RangeError": "it has no argument with limits",
    "AlignmentError": "it takes no address, or ignores the low bits",
    "FailedLookup": "it looks nothing up",
    "TruncatedMessage": "it wants no words and no capabilities",
    "DeleteFirst": "it fills no slot and no table entry",
    "RevokeFirst": "its object may have children, or copies of its capability",
    "NotEnoughMemory": "it takes no memory",
}

# Where the general reason would be wrong.
EXCEPTIONS = {
    ("seL4_IRQControl_Get", "NoError"): "this kernel has an I/O APIC, where the plain call is illegal",
    ("seL4_IRQControl_Get", "DeleteFirst"): "illegal before anything is checked",
    ("seL4_IRQControl_Get", "RevokeFirst"): "illegal before anything is checked",
}

for _method in ("SetBreakpoint", "GetBreakpoint", "UnsetBreakpoint", "ConfigureSingleStepping"):
    EXCEPTIONS["seL4_TCB_" + _method, "TruncatedMessage"] = "it never looks at the length of the message"

# Helpers of the programs that make an invocation for a case: (program, function) -> invocation.
HELPERS = {
    ("cnode", "rotate"): "seL4_CNode_Rotate",
    ("irq", "get_ioapic"): "seL4_IRQControl_GetIOAPIC",
    ("irq", "get_msi"): "seL4_IRQControl_GetMSI",
    ("ioport", "issue"): "seL4_X86_IOPortControl_Issue",
    ("untyped", "retype"): "seL4_Untyped_Retype",
    ("vspace", "map"): "seL4_X86_Page_Map",
}
for _program in ("asid", "cnode_remove", "deletion", "untyped", "vspace", "irq", "ioport", "domain", "tcb"):
    HELPERS[_program, "discard"] = "seL4_CNode_Delete"

OPERATE = {"copy": "seL4_CNode_Copy", "mint": "seL4_CNode_Mint", "move": "seL4_CNode_Move",
           "mutate": "seL4_CNode_Mutate"}


def rows(name):
    for line in (ABI / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def programs(is_mcs):
    """(program, its source) of all that were recorded on a kernel of that personality."""
    for line in sorted((HERE / "programs.tsv").read_text(encoding="utf-8").splitlines()):
        if line and not line.startswith("#"):
            name, kernel, *source = line.split("\t")
            if kernel.startswith("mcs") == is_mcs:
                yield name, source[0] if source else name


def invocations(conditions):
    """Names of the single-core invocations that there are under these conditions, and the label of each."""
    labels = {row[0] for row in rows("invocations.tsv") if row[3] in conditions}
    found = {}
    for interface, method, label, *_ in rows("interfaces.tsv"):
        if label in labels:
            found.setdefault(f"{interface}_{method}", label)
    return found


def arguments(text, start):
    """The arguments of the call whose opening parenthesis is before `start`."""
    depth, quoted, last, out, at = 1, False, start, [], start
    while depth:
        c = text[at]
        if c == '"' and text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (c in "({") - (c in ")}")
            if depth == 0 or (c == "," and depth == 1):
                out.append(text[last:at].strip())
                last = at + 1
        at += 1
    return out


def literal(argument):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', argument))


def functions(source):
    """(name, body) of every function."""
    for match in re.finditer(r"^[a-z][^\n;]*?(\w+)\([^;{]*\)\n\{\n(.*?)^\}", source, re.M | re.S):
        yield match.group(1), match.group(2)


def cases(program, source, by_label):
    """(invocation or None for OPERATE, format, sections) of each case; no sections: any."""
    for _, body in functions(source):
        sections = [literal(arguments(body, m.end())[0]) for m in re.finditer(r"\bsection\(", body)]
        for match in re.finditer(r"\b(CASE|invoke_case)\(", body):
            args = arguments(body, match.end())
            if match.group(1) == "invoke_case":
                yield by_label.get(args[1]), literal(args[3]), sections
                continue
            function = re.match(r"(\w+)", args[0]).group(1)
            invocation = function if function.startswith("seL4_") else HELPERS.get((program, function))
            yield ("operate" if function == "operate" else invocation), literal(args[1]), sections


def printed(program):
    """(section, line) of what the real kernel printed."""
    section = ""
    for line in (HERE / f"{program}.expected").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            section = line[3:]
        yield section, line


def pattern(text):
    parts = re.split(r"%[-0-9]*(?:l?[duxXs])", text.replace("%%", "\0"))
    return re.compile("(.*?)".join(re.escape(p.replace("\0", "%")) for p in parts) + r"(?:: |, \w+ \d+: |: )seL4_(\w+)")


def collect(names, is_mcs):
    by_label = {label: name for name, label in names.items()}
    table = {name: {} for name in names}
    for program, source in programs(is_mcs):
        if not (HERE / f"{program}.expected").exists():
            continue
        lines = list(printed(program))
        for invocation, text, sections in cases(source, (HERE / f"{source}.c").read_text(encoding="utf-8"), by_label):
            if invocation not in names and invocation != "operate":
                continue
            wanted = pattern(text)
            for section, line in lines:
                match = wanted.match(line) if not sections or section in sections else None
                name = OPERATE.get(match.group(1)) if match and invocation == "operate" else invocation
                if match and name:
                    case = line[:line.index(": seL4_")]
                    table[name].setdefault(match.group(match.re.groups), (program, case.strip()))
    program = "invocations_mcs" if is_mcs else "invocations"
    for section, line in printed(program):
        label, _, rest = line.partition(": words ")
        for outcome in re.findall(r"\d+\.\.\d+ (\w+)", rest):
            table[by_label[label]].setdefault(outcome, (program, f"{label} on {section}"))
    return table


def syscalls():
    """(call, how often what happened) of the calls that pass messages, with every kind of capability in every register
    that names one."""
    endings = {"fault in send phase": "cap fault, send", "fault in receive phase": "cap fault, receive",
               "return": "no fault: returned", "wait": "no fault: nothing"}
    found = {}
    for section, line in printed("mcs_syscalls"):
        if line.startswith("rdi "):
            counts = found.setdefault(section, dict.fromkeys(endings, 0))
            for name, text in endings.items():
                counts[name] += text in line
    return found


def reason(name, outcome):
    return EXCEPTIONS.get((name, outcome)) or REASONS.get(outcome, "-")


def render(table):
    yield "# Invocations by outcome"
    yield ""
    yield "Written by `matrix.py` from the programs and from what they printed on the real kernel: for each invocation"
    yield "the first case with each outcome, and for the outcomes without a case the reason. Not repeated below:"
    yield "through an empty slot every invocation is `InvalidCapability`, on a capability of another kind it is"
    yield "`IllegalOperation` (`invocations`), and an extra capability that cannot be looked up is a cap fault"
    yield "(`invocation_paths`)."
    for name, outcomes in table.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield "| outcome | program | case |"
        yield "|---|---|---|"
        for outcome in OUTCOMES:
            if outcome in outcomes:
                program, case = outcomes[outcome]
                yield f"| {outcome} | {program} | {case} |"
        absent = {}
        for outcome in OUTCOMES:
            if outcome not in outcomes:
                absent.setdefault(reason(name, outcome), []).append(outcome)
        yield ""
        yield "Not: " + "; ".join(f"{', '.join(which)} ({why})" for why, which in absent.items()) + "."


def render_mcs(table):
    yield ""
    yield "# The same with MCS"
    yield ""
    yield "With the programs that gave each outcome first; for the rest the reasons are those above."
    yield ""
    yield "| invocation | outcomes |"
    yield "|---|---|"
    for name, outcomes in table.items():
        yield f"| {name} | " + ", ".join(f"{o} ({outcomes[o][0]})" for o in OUTCOMES if o in outcomes) + " |"
    yield ""
    yield "System calls of MCS, with nothing, no slot, an endpoint, a notification, a TCB and a reply object in each"
    yield "register that names a capability (`mcs_syscalls`); what they do to registers is in `syscall_registers_mcs`."
    yield ""
    yield "| call | cases | " + " | ".join(next(iter(syscalls().values()))) + " |"
    yield "|---|---|---|---|---|---|"
    for call, counts in syscalls().items():
        yield f"| {call} | {sum(counts.values())} | " + " | ".join(str(n) for n in counts.values()) + " |"


def main():
    tables = [collect(invocations(("-", "!kernel_mcs", "hardware_debug_api")), False),
              collect(invocations(("-", "kernel_mcs")), True)]
    text = "\n".join([*render(tables[0]), *render_mcs(tables[1])]) + "\n"
    target = HERE / "MATRIX.md"
    if "--check" in sys.argv:
        missing = [name for table in tables for name, outcomes in table.items()
                   if "NoError" not in outcomes and not EXCEPTIONS.get((name, "NoError"))]
        wrong = [key for table in tables for key, why in EXCEPTIONS.items() if why and key[1] in table.get(key[0], {})]
        for name in missing:
            print(f"{name}: no case succeeds")
        for key in wrong:
            print(f"{key}: has a case and a reason why not")
        stale = target.read_text(encoding="utf-8") != text
        if stale:
            print("MATRIX.md: run matrix.py")
        sys.exit(1 if missing or wrong or stale else 0)
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
