/* Betimes: client messages in good time. All of it is behind the command line. */
#include "cli/cli.h"
#include "ical/read.h"
#include "service/foresee_child.h"

int main(int argc, char **argv)
{
    if (ical_is_child(argc, argv)) /* started by ourselves, to read a stranger's calendar */
        return ical_child(argc, argv);
    if (foresee_is_child(argc, argv)) /* and to think a change through, with the clock stopped */
        return foresee_child();
    return cli_main(argc, argv);
}
