/*
 * Points at which a test may end the process as a power cut would: at each commit, at each step of
 * the way to the wire and back. In the program itself there is nothing there. In the build for the
 * crash tests (tests/faults) a point counts its passings, and the one that BETIMES_FAULT names is
 * the last thing that the process does.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifdef BETIMES_FAULTS
/* `name` is passed, in whatever thread; a literal. Does not return from the passing that was asked
 * for. */
void fault_point(const char *name);
#else
#define fault_point(name) ((void)0)
#endif

#endif
