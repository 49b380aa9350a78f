/* SPDX-License-Identifier: Apache-2.0 */
/* examples/idempotent after a process that died while it booked: built with that handler's source,
 * it leaves what such a process leaves before the first event comes. */
#include <stdio.h>

__attribute__((constructor)) static void leave_torn_line(void)
{
    FILE *ledger = fopen("/tmp/idempotent.ledger", "we");
    if (!ledger)
        return;
    fputs("1db65a6a-0a81-4fd3-a655-b95e33ada11d\tlamp\t2\n83b23306-07fe-4f81-ace6-d24249dea373\tde",
          ledger);
    fclose(ledger);
}
