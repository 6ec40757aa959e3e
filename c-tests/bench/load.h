/* The kinds of load; each runs to its end and prints what it measured. */
#ifndef LOAD_H
#define LOAD_H

#include "bench.h"

typedef void load_fn(const options_t *options);

/* Requests on one handle, a fixed number of them in flight. pipeline.c */
load_fn load_aget, load_aexists, load_aset, load_acreate, load_amulti, load_children;
/* Synchronous requests of several threads on one handle. sync.c */
load_fn load_get, load_set;
/* Many handles at once, and one after the other. handles.c */
load_fn load_handles, load_connect_close;
/* Events, and watches that outlive a connection. watches.c */
load_fn load_storm, load_reconnect;

#endif
