"""A baseline as a process of its own that bench/compare asks for a measurement whenever it is its turn.

It prepares its work once, which may take long (torch.compile), prints a line of JSON with what it computed, and then
answers every line on its standard input, a number of seconds to measure for, with a line of JSON. What it answers
has the most memory that the process held, too.
"""
import json
import resource
import sys
import time


def serve(facts, measure):
    """`facts` is printed first; `measure(seconds)` returns the answer."""
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        answer = measure(float(line))
        answer["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer), flush=True)


def seconds_per_call(run, seconds, clock=time.perf_counter):
    """The mean over as many calls as start within `seconds`, at least one."""
    begin, calls = clock(), 0
    while True:
        run()
        calls += 1
        passed = clock() - begin
        if passed >= seconds:
            return passed / calls
