/*
 * A bad wire: carries frames between two interfaces, and loses, delays, reorders and doubles some of them.
 *
 *   wire LEFT RIGHT loss=1 delay=5 jitter=2 reorder=1 duplicate=1 seed=7
 *
 * Percentages for loss, reorder and duplicate; milliseconds for delay and jitter. A reordered frame skips the
 * delay. The same seed makes the same choices for the same sequence of frames. Runs until it gets a SIGTERM,
 * then says what it did in one line that a test can read.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FRAMES 8192 /* under way at once; what comes beyond is lost, as in a queue that is full */
#define FRAME_BYTES 2048
#define BURST 64
#define NS_PER_MS 1000000.0
#define IDLE_NS 100000000

struct frame {
    uint64_t due_ns;
    uint64_t order; /* keeps frames that are due at once in their order */
    int to;
    int length;
    unsigned char bytes[FRAME_BYTES];
};

static double loss, delay, jitter, reorder, duplicate, seed = 1;
static const struct {
    const char *name;
    double *value;
} options[] = {{"loss", &loss},       {"delay", &delay},         {"jitter", &jitter},
               {"reorder", &reorder}, {"duplicate", &duplicate}, {"seed", &seed}};

static struct frame frames[FRAMES];
static struct frame *heap[FRAMES], *unused[FRAMES];
static int waiting, free_frames;
static uint64_t carried, lost, reordered, duplicated, overflowed, random_state, order;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* splitmix64 */
static double random_unit(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static int happens(double percent)
{
    return random_unit() * 100 < percent;
}

static int is_before(const struct frame *a, const struct frame *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void enqueue(struct frame *frame)
{
    int i = waiting++;

    for (; i > 0 && is_before(frame, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = frame;
}

static struct frame *dequeue(void)
{
    struct frame *first = heap[0], *last = heap[--waiting];
    int i = 0;

    for (int child; (child = 2 * i + 1) < waiting; i = child) {
        if (child + 1 < waiting && is_before(heap[child + 1], heap[child]))
            child++;
        if (!is_before(heap[child], last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

static int open_end(const char *name)
{
    const int on = 1, buffer_bytes = 8 << 20;
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(name)};
    struct packet_mreq promiscuous = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)) ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(buffer_bytes))) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void carry(const unsigned char *bytes, int length, int to)
{
    struct frame *frame;

    if (!free_frames) {
        overflowed++;
        return;
    }

    frame = unused[--free_frames];
    frame->to = to;
    frame->length = length;
    frame->order = order++;
    frame->due_ns = now_ns();
    if (happens(reorder))
        reordered++;
    else
        frame->due_ns += (uint64_t)((delay + jitter * random_unit()) * NS_PER_MS);
    memcpy(frame->bytes, bytes, (size_t)length);
    enqueue(frame);
}

static void receive(const int *ends, int from)
{
    unsigned char bytes[FRAME_BYTES];

    for (int i = 0; i < BURST; i++) {
        int length = (int)recv(ends[from], bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);

        if (length <= 0)
            return;
        if (length > FRAME_BYTES) {
            fprintf(stderr, "a frame of %d bytes: offloads are on\n", length);
            exit(1);
        }
        if (happens(loss)) {
            lost++;
            continue;
        }
        carry(bytes, length, !from);
        if (happens(duplicate)) {
            duplicated++;
            carry(bytes, length, !from);
        }
    }
}

static void deliver(const int *ends)
{
    while (waiting && heap[0]->due_ns <= now_ns()) {
        struct frame *frame = dequeue();

        if (send(ends[frame->to], frame->bytes, (size_t)frame->length, 0) == frame->length)
            carried++;
        unused[free_frames++] = frame;
    }
}

static void await_frames(const int *ends)
{
    struct pollfd polled[] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
    uint64_t now = now_ns(), wait_ns = IDLE_NS;
    struct timespec timeout = {0, 0};

    if (waiting)
        wait_ns = heap[0]->due_ns > now ? heap[0]->due_ns - now : 0;
    timeout.tv_nsec = (long)(wait_ns < IDLE_NS ? wait_ns : IDLE_NS);
    ppoll(polled, 2, &timeout, NULL);
}

static int read_option(char *text)
{
    char *equals = strchr(text, '=');

    for (size_t i = 0; equals && i < sizeof(options) / sizeof(options[0]); i++) {
        const size_t length = strlen(options[i].name);

        if (length == (size_t)(equals - text) && !memcmp(text, options[i].name, length)) {
            *options[i].value = atof(equals + 1);
            return 1;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = on_signal};
    int ends[2];

    for (int i = 3; i < count; i++) {
        if (!read_option(arguments[i])) {
            fprintf(stderr, "unknown option %s\n", arguments[i]);
            return 2;
        }
    }
    if (count < 3)
        return 2;

    ends[0] = open_end(arguments[1]);
    ends[1] = open_end(arguments[2]);
    random_state = (uint64_t)seed;
    for (free_frames = 0; free_frames < FRAMES; free_frames++)
        unused[free_frames] = &frames[free_frames];
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    puts("ready");
    fflush(stdout);

    while (!stopped) {
        await_frames(ends);
        receive(ends, 0);
        receive(ends, 1);
        deliver(ends);
    }

    printf("carried %lu lost %lu reordered %lu duplicated %lu overflowed %lu\n", carried, lost, reordered, duplicated,
           overflowed);
    return 0;
}
