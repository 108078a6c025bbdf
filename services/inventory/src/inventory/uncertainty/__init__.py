"""How far off a total may be: the interval in which the true emission lies with 95 % confidence.

Each line is an amount times a factor, and both are known to some percent (half the width of their 95 % interval).
Errors of amounts are independent of each other. A factor's error is the same in every line that uses it, so those lines
are wrong together: their emissions are added before the factor's percent is taken of them. What a line's publisher or
enterer does not state stays unstated: the interval is that of the part that is known, and says how large that part is.

Two ways that check each other: error propagation (IPCC 2006 Guidelines, volume 1, chapter 3, approach 1, equations 3.1
and 3.2), and simulation (approach 2) on the lines collapsed by factor, which needs two draws a factor, not a line.

`propagation` is plain Python, `simulation` needs numpy: who only propagates does not load it.
"""
