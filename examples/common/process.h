/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_PROCESS_H
#define EXAMPLES_PROCESS_H

/* What every long-running program does first: files for their owner only, a
 * peer that goes away is an error of that connection and no signal, one file
 * for each of many connections. */
void process_setup(void);

#endif
