/*
 * Memory pools and lists, of libwsutil. When a pool is freed, its memory is overwritten, so that a
 * plugin which still uses it shows something else.
 */
#include "stand-in.h"

/* An allocation. Its memory follows. */
struct block {
    struct block *next;
    size_t size;
};

struct _wmem_allocator_t {
    struct block *blocks;
};

struct _wmem_list_frame_t {
    wmem_list_frame_t *next;
    void *data;
};

struct _wmem_list_t {
    wmem_allocator_t *pool;
    wmem_list_frame_t *head, *tail;
};

wmem_allocator_t *wmem_allocator_new(const wmem_allocator_type_t type) {
    (void)type;
    return allocate(sizeof(wmem_allocator_t));
}

/* Without a pool, the memory is the caller's. */
void *wmem_alloc(wmem_allocator_t *pool, const size_t size) {
    if (!pool) return allocate(size);
    struct block *block = allocate(sizeof *block + size);
    block->next = pool->blocks;
    block->size = size;
    pool->blocks = block;
    return block + 1;
}

void wmem_free(wmem_allocator_t *pool, void *memory) {
    if (pool) fail("the stand-in frees pools as a whole");
    free(memory);
}

char *wmem_strndup(wmem_allocator_t *pool, const char *text, const size_t length) {
    char *copy = wmem_alloc(pool, length + 1);
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

void wmem_destroy_allocator(wmem_allocator_t *pool) {
    while (pool->blocks) {
        struct block *block = pool->blocks;
        pool->blocks = block->next;
        memset(block + 1, 0xa5, block->size);
        free(block);
    }
    free(pool);
}

wmem_list_t *wmem_list_new(wmem_allocator_t *pool) {
    wmem_list_t *list = wmem_alloc(pool, sizeof *list);
    *list = (wmem_list_t){.pool = pool};
    return list;
}

void wmem_list_append(wmem_list_t *list, void *data) {
    wmem_list_frame_t *frame = wmem_alloc(list->pool, sizeof *frame);
    *frame = (wmem_list_frame_t){.data = data};
    if (list->tail)
        list->tail->next = frame;
    else
        list->head = frame;
    list->tail = frame;
}

wmem_list_frame_t *wmem_list_head(const wmem_list_t *list) { return list->head; }

wmem_list_frame_t *wmem_list_frame_next(const wmem_list_frame_t *frame) { return frame->next; }

void *wmem_list_frame_data(const wmem_list_frame_t *frame) { return frame->data; }
