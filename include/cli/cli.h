/*
 * The command line: `betimes COMMAND [options]`.
 *
 * Exit statuses: 0; 1, what was asked is wrong (usage, configuration, no such record); 2, it could
 * not be done (the disk, the database).
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

enum { EXIT_DONE = 0, EXIT_ASKED = 1, EXIT_FAILED = 2 };

/* The whole program; returns its exit status. */
int cli_main(int argc, char **argv);

#endif
