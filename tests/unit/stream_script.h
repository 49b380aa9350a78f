/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of streams as rows: what is done to a mapping, and what it says.
 *
 * A script has steps, separated by spaces:
 *   @T          the clock goes to T (ms), through all times that the mapping wants to be woken at
 *   +S          a record of shard S arrives now; +S.K with key K, +S#N: N of them, +S*B of B bytes,
 *               +S~ that no filter lets pass, +S| before which a poll ends
 *   okN         invocation N succeeds, okN*B with a state of B bytes
 *   errN noN    it fails, its answer is refused
 *   busyN       it is throttled
 *   partN:P,P   it reports that these places failed
 *
 * and becomes what the mapping did:
 *   @T          the time of what follows
 *   I2.1[0 1]   invocation 2, attempt 1 of its batch; of a window: w0-60000 and letters of fresh,
 *               last, early; shard 3: I2.1/3
 *   D F R>T S   done, filtered, retry not before T, split at '|'
 *   G:age*1     given up, with attempt 1; '!' it is lost */
#pragma once

struct stream_row {
    const char *name, *fact;
    const char *settings; /* as the command line writes them */
    const char *script, *want;
};

void stream_script_check(const struct stream_row *row);
