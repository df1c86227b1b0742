/* Groups: memory that is counted together and limited together, as memory cgroups do for the kernel's slab caches (Linux
 * 3.18, mm/memcontrol.c and mm/slab_common.c). A program names a group for each of its parts, and enters it while that
 * part runs; or KSLAB_GROUPS=modules makes one for each shared object (see below).
 *
 * What is counted: while a thread is in a group, everything that it gets from kmalloc and its kin, from malloc and operator
 * new where kslab is the process's malloc, and from caches that were made with SLAB_ACCOUNT. Objects of other caches of
 * kmem_cache_create belong to no group; __GFP_ACCOUNT changes nothing. Per-CPU memory and what pools take are counted, too.
 * Whoever frees an object, in whatever group, takes it off its own group's account. realloc leaves an object that stays in
 * place in its group; one that moves to a new object is counted where the caller is.
 *
 * How much: an object counts with the bytes that it occupies: malloc_usable_size of it (its size class, or
 * whole pages), for caches the distance from one object to the next. The counts are exact at any time: objects that wait
 * in arrays of threads are not in them.
 *
 * The limit: the allocation that would exceed it fails like one that found no memory (null; malloc sets ENOMEM, operator
 * new throws), after the program's shrinkers (kslab/shrinker.h) were asked where the flags let it wait. Nobody else's
 * fails. __GFP_NOFAIL passes over it, and is counted.
 *
 * Cost: nothing for a thread in no group. In a group every call takes the slow path: some 30 ns, where the fast one
 * takes 1.5. Each pair of a group and a size class has slabs of its own.
 *
 * With KSLAB_DEBUG, objects of caches under debugging belong to no group: a line says so when the first is made.
 *
 * KSLAB_GROUPS=modules: every call of a thread in no group is counted for the shared object (the executable is one) that
 * calls malloc, calloc, realloc, a function of the memalign family, operator new, kmalloc and its kin, or
 * kmem_cache_alloc: for the one to which the call returns. What libstdc++.so itself allocates on a program's behalf (the
 * text of a std::string built in the library, strdup in libc) is the library's; what templates allocate is the program's
 * that instantiated them; what kslab's pools and per-CPU memory take is nobody's. A function whose last act is to return
 * malloc's result may be left out by the compiler: then its caller counts. The groups are named by the files without their
 * directories, come into being as they call, and live on after dlclose; code in no file is "[anonymous]". A library that is
 * mapped where another was before may be taken for that one unless it came by dlopen of the program's. At exit a table goes to
 * standard error or KSLAB_LOG.
 *
 * All functions are safe in any thread and not in signal handlers. A group is an int above 0; 0 is no group.
 */
#ifndef KSLAB_GROUP_H
#define KSLAB_GROUP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A new group of that name (cut after 31 bytes; names may come twice) and a limit in bytes, 0 for none. Returns its number,
 * at most 1023; -1 with errno EINVAL (no name), ENOSPC (there are 1023 groups) or ENOMEM. */
int kslab_group_create(const char *name, size_t limit);

/* Ends a group. 0; -1 with errno EINVAL when there is none of that number or it is a module's, or EBUSY when objects of it are in use or
 * threads are in it, which a line on standard error says; it stays then. Nobody enters it meanwhile. Its number may come again. Waits for readers where its
 * objects were type-stable: not to be called inside a read section (kslab/rcu.h). */
int kslab_group_destroy(int group);

/* The calling thread is in this group from now on, 0: in none. Returns the group that it was in before, for
 * kslab_group_leave. -1, and nothing has changed, with errno EINVAL when there is none of that number, or ENOMEM when there
 * is no memory for it, or the thread has ended (a destructor that runs after kslab's). A thread starts in no group; the
 * child of a fork is in that of the thread that forked. Two stores, after a thread's first time. */
int kslab_group_enter(int group);

/* Back to what kslab_group_enter returned; calls of the two nest. A group that was ended meanwhile, or -1, is none. */
void kslab_group_leave(int previous);

/* The group that the calling thread is in; 0: none. */
int kslab_group_current(void);

/* Changes the limit, in bytes, 0 for none. What is in use already stays, even beyond it. 0, or -1 with EINVAL. */
int kslab_group_limit(int group, size_t limit);

struct kslab_group_stats {
    char name[32];
    size_t bytes;    /* of the objects in use */
    size_t objects;
    size_t peak;     /* the most that bytes ever was */
    size_t failures; /* allocations that failed, for the limit or for want of memory */
    size_t limit;    /* 0: none */
};

/* 0, or -1 with EINVAL. Each figure is true for one moment. */
int kslab_group_stat(int group, struct kslab_group_stats *stats);

/* The number of the first group of that name; 0 when there is none. */
int kslab_group_find(const char *name);

/* Writes a table to a descriptor, one head and a line for each group: group, bytes, objects, peak, failures, limit, separated
 * by blanks, blanks in names as '_'. 0; -1 with errno of write(2) when not everything could be written. */
int kslab_groups(int fd);

#ifdef __cplusplus
}

namespace kslab {

/* In the group as long as the object lives. A group that there is not is not entered. */
class group_guard {
public:
    explicit group_guard(int group) : previous_(kslab_group_enter(group)) {}
    ~group_guard() {
        if (previous_ >= 0) kslab_group_leave(previous_);
    }
    group_guard(const group_guard &) = delete;
    group_guard &operator=(const group_guard &) = delete;

    /* False: it was not entered, and errno said why. */
    bool entered() const { return previous_ >= 0; }

private:
    int previous_;
};

}  // namespace kslab
#endif

#endif
