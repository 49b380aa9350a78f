/* SPDX-License-Identifier: Apache-2.0 */
/* clambda event SOURCE [KEY=VALUE...]: prints a sample event. */
#pragma once

int event_run(int argc, char **argv);
