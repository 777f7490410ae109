/* Loaded before everything else (LD_PRELOAD), this library gives the process that asks for it another time of day.

   After clock_cross(at, readings), so many readings of the clock show the last second before `at` (seconds since 1970),
   and all that follow a moment after it. Clocks that only measure how long something takes stay as they are.
   libfaketime 0.9.10 cannot be used for it: under it Python's own waits fail or never end. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <sys/time.h>
#include <time.h>

#define SECOND 1000000000L

typedef int (*Gettime)(clockid_t, struct timespec *);
typedef int (*Wait)(sem_t *, const struct timespec *);

static volatile int moved;
static volatile long edge, before, count;
static struct timespec begun;

static int real_gettime(clockid_t clock, struct timespec *shown) {
    static Gettime real;
    if (!real) real = (Gettime)dlsym(RTLD_NEXT, "clock_gettime");
    return real(clock, shown);
}

void clock_cross(long at, long readings) {
    real_gettime(CLOCK_MONOTONIC, &begun);
    edge = at, before = readings, count = 0, moved = 1;
}

long clock_readings(void) { return count; }

void clock_return(void) { moved = 0; }

int clock_gettime(clockid_t clock, struct timespec *shown) {
    int failed = real_gettime(clock, shown);
    if (failed || !moved || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
    struct timespec now;
    real_gettime(CLOCK_MONOTONIC, &now);
    long passed = (now.tv_sec - begun.tv_sec) * SECOND + now.tv_nsec - begun.tv_nsec;
    if (__sync_add_and_fetch(&count, 1) <= before) {
        /* However long it really takes, it is still the last second; time stands still at its end. */
        shown->tv_sec = edge - 1, shown->tv_nsec = passed < SECOND - 1 ? passed : SECOND - 1;
    } else {
        shown->tv_sec = edge + passed / SECOND, shown->tv_nsec = passed % SECOND;
    }
    return 0;
}

int gettimeofday(struct timeval *restrict shown, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    shown->tv_sec = now.tv_sec, shown->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *shown) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (shown) *shown = now.tv_sec;
    return now.tv_sec;
}

/* Who waits until a time of day means one of the moved clock; the kernel knows only its own. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    struct timespec shown, real, then = *until;
    clock_gettime(CLOCK_REALTIME, &shown);
    real_gettime(CLOCK_REALTIME, &real);
    then.tv_sec += real.tv_sec - shown.tv_sec;
    return ((Wait)dlsym(RTLD_NEXT, "sem_timedwait"))(semaphore, &then);
}
