/* Every command, each defined in its cmd_*.c. */
#ifndef CLI_ALL_H
#define CLI_ALL_H

#include "cli/command.h"

extern const struct command command_answer, command_backup, command_calendar, command_cancel,
    command_check, command_demo, command_forecast, command_history, command_ical, command_import,
    command_init, command_outbox, command_pause, command_preview, command_render, command_resume,
    command_retry, command_run, command_send_test, command_simulate, command_status, command_tasks,
    command_user, command_why;

#endif
