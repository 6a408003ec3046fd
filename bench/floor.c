/* The floor under any poller: questions made beforehand are sent, and replies are only counted.

   Nothing is decoded but the request-id. What a poller costs above this is what it does with the
   answers. Fed by `edunet bench poll`, which compiles it where gcc is:

   standard input   uint32 count; for each question, in the byte order of this machine
                    unless said: uint32 address and uint16 port (network order), uint16 length,
                    uint16 place of the four bytes of the request-id, the datagram;
                    then one byte for every turn.
   standard output  for every turn a line: replies, CPU seconds, wall seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW = 256, REPLY = 4096, PATIENCE_MS = 2000 };
enum { FIRST_ID = 0x40000000, LAST_ID = 0x7fffffff }; /* always four bytes, never negative */

struct question {
    struct sockaddr_in to;
    uint16_t length, id;
    uint8_t *datagram;
};

static struct question *questions;
static uint32_t count;

static void must(size_t got, size_t wanted) {
    if (got != wanted) exit(2);
}

static void prepared(void) {
    must(fread(&count, sizeof count, 1, stdin), 1);
    questions = calloc(count, sizeof *questions);
    for (uint32_t i = 0; i < count; i++) {
        struct question *q = &questions[i];
        q->to.sin_family = AF_INET;
        must(fread(&q->to.sin_addr.s_addr, 4, 1, stdin), 1);
        must(fread(&q->to.sin_port, 2, 1, stdin), 1);
        must(fread(&q->length, 2, 1, stdin), 1);
        must(fread(&q->id, 2, 1, stdin), 1);
        q->datagram = malloc(q->length);
        must(fread(q->datagram, 1, q->length, stdin), q->length);
    }
}

/* Where an element's contents begin; -1: there is no such element. */
static int inside(const uint8_t *d, int at, int end, uint8_t tag, int *length) {
    if (at + 2 > end || d[at] != tag) return -1;
    int size = d[at + 1];
    at += 2;
    if (size > 0x80) {
        int bytes = size & 0x7f;
        if (bytes > 3 || at + bytes > end) return -1;
        for (size = 0; bytes; bytes--) size = size << 8 | d[at++];
    }
    *length = size;
    return at + size > end ? -1 : at;
}

/* The request-id of a response, 0 = it is none. */
static uint32_t id_of(const uint8_t *d, int end) {
    int size, at = inside(d, 0, end, 0x30, &size);
    if (at < 0 || (at = inside(d, at, end, 0x02, &size)) < 0) return 0;
    if ((at = inside(d, at + size, end, 0x04, &size)) < 0) return 0;
    if ((at = inside(d, at + size, end, 0xa2, &size)) < 0) return 0;
    if ((at = inside(d, at, end, 0x02, &size)) < 0 || size != 4) return 0;
    return (uint32_t)d[at] << 24 | d[at + 1] << 16 | d[at + 2] << 8 | d[at + 3];
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t turn(int s, uint32_t base, uint8_t *seen) {
    static struct mmsghdr out[WINDOW], in[WINDOW];
    static struct iovec what[WINDOW], where[WINDOW];
    static uint8_t replies[WINDOW][REPLY];
    uint32_t sent = 0, came = 0;
    memset(seen, 0, count);
    while (came < count) {
        uint32_t some = count - sent, room = WINDOW - (sent - came);
        if (some > room) some = room;
        for (uint32_t i = 0; i < some; i++) {
            struct question *q = &questions[sent + i];
            uint32_t id = htonl(base + sent + i);
            memcpy(q->datagram + q->id, &id, 4);
            what[i] = (struct iovec){q->datagram, q->length};
            out[i].msg_hdr = (struct msghdr){
                .msg_name = &q->to, .msg_namelen = sizeof q->to, .msg_iov = &what[i], .msg_iovlen = 1};
        }
        if (some) {
            int left = sendmmsg(s, out, some, 0);
            if (left < 0) return came;
            sent += left;
        }
        struct pollfd wait = {.fd = s, .events = POLLIN};
        if (poll(&wait, 1, PATIENCE_MS) <= 0) return came;
        for (int i = 0; i < WINDOW; i++) {
            where[i] = (struct iovec){replies[i], REPLY};
            in[i].msg_hdr = (struct msghdr){.msg_iov = &where[i], .msg_iovlen = 1};
        }
        int got = recvmmsg(s, in, WINDOW, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            uint32_t number = id_of(replies[i], (int)in[i].msg_len) - base;
            if (number < count && !seen[number]) {
                seen[number] = 1;
                came++;
            }
        }
    }
    return came;
}

int main(void) {
    prepared();
    uint8_t *seen = malloc(count);
    int s = socket(AF_INET, SOCK_DGRAM, 0), buffer = 8 << 20;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    uint32_t base = FIRST_ID;
    while (getchar() != EOF) {
        double wall = now(), before = cpu();
        uint32_t came = turn(s, base, seen);
        printf("%u %.6f %.6f\n", came, cpu() - before, now() - wall);
        fflush(stdout);
        base = base + count < LAST_ID - count ? base + count : FIRST_ID;
    }
    return 0;
}
