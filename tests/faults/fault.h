// What the programs share. Each is built twice: as it stands, with its fault, and with -DFIXED, without it.
//
//   p[FAULT(40, 39)] = 0;   40 in the faulty form, 39 in the corrected one
//   WRONG(free(p);)         only in the faulty form
//   RIGHT(free(p);)         only in the corrected form
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef FIXED
#define FAULT(wrong, right) right
#define WRONG(...)
#define RIGHT(...) __VA_ARGS__
#else
#define FAULT(wrong, right) wrong
#define WRONG(...) __VA_ARGS__
#define RIGHT(...)
#endif

#define NOINLINE __attribute__((noinline))

// Where values go that are read only to have been read.
static volatile unsigned char sink;
// What it points to is in use until the program has ended, and so is no leak.
static void *volatile kept;

// Runs a function in a thread of its own and waits for its end.
static inline void *in_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, run, argument) != 0) abort();
    if (pthread_join(thread, &result) != 0) abort();
    return result;
}

// Runs a function in a forked child, which then exits; the parent ends the way the child did.
static inline void in_child(void (*run)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        run();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) abort();
    if (status != 0) _exit(99);
}

// Leaves no old pointer in the stack below the caller, where the next call's frame would keep it.
static NOINLINE void forget(void) {
    volatile char old[16384];
    for (size_t i = 0; i < sizeof old; i++) old[i] = 0;
}
