"""Why a detector's average precision is what it is: TIDE's kinds of faults, and what each of them costs.

Source: Bolya, Foley, Hays and Hoffman, TIDE: A General Toolbox for Identifying Object Detection Errors (ECCV 2020).
"""
