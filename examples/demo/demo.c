/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demo's root task. It gives each component an address space, a capability
 * space and memory of its own, hands out the few capabilities that each needs, and
 * receives what all of them report on one endpoint: that they are ready, that they
 * are done, and, since the kernel sends faults to the same place, that they crashed.
 *
 * Priorities are all different and nothing depends on time, so there is one order in
 * which things can happen.
 */
#include "fault.h"
#include "protocol.h"

SEL4_UTIL_EMBEDDED(image_names);
SEL4_UTIL_EMBEDDED(image_store);
SEL4_UTIL_EMBEDDED(image_oracle);
SEL4_UTIL_EMBEDDED(image_sensor);
SEL4_UTIL_EMBEDDED(image_display);
SEL4_UTIL_EMBEDDED(image_client);

enum {
    MEMORY_BITS = 19, /* of each component */
    MEMORY_SLOTS = 100,
    PAGE_VADDR = 0x20000000 /* where the root task sees shared pages */
};

/* Pages that components share with each other or with the root task. */
enum page {
    PAGE_NONE,
    PAGE_BOARD,
    PAGE_JOURNAL,
    PAGE_RING,
    PAGE_COUNT
};

/*
 * What each component is made of. Clients have higher priorities than the services
 * they call: so each answer lets a client go on at once, and their questions
 * alternate.
 */
static const struct plan {
    const unsigned char *image;
    const unsigned char *image_end;
    seL4_Word priority;
    enum page page;
    bool can_write;
    bool is_service;
    seL4_Word argument;
} plans[ID_COUNT] = {
    [ID_NAMES] = {image_names_start, image_names_end, .priority = 120, .is_service = true},
    [ID_STORE] = {image_store_start, image_store_end, 110, PAGE_BOARD, .can_write = true, .is_service = true},
    [ID_ORACLE] = {image_oracle_start, image_oracle_end, 100, PAGE_JOURNAL, .can_write = true,
                   .is_service = true},
    [ID_SENSOR] = {image_sensor_start, image_sensor_end, 90, PAGE_RING, .can_write = true},
    [ID_DISPLAY] = {image_display_start, image_display_end, 80, PAGE_RING, .can_write = true},
    [ID_ALICE] = {image_client_start, image_client_end, 140, PAGE_BOARD, .argument = 10},
    [ID_BOB] = {image_client_start, image_client_end, 130, PAGE_BOARD, .argument = 100},
};

/* What became of it. */
static struct instance {
    struct sel4_util_allocator memory;
    struct sel4_util_component component;
    seL4_CPtr service; /* the endpoint where it is called; outlives it */
    seL4_Word lives;
    seL4_Word requests; /* that its earlier lives answered */
} instances[ID_COUNT];

static struct sel4_util_allocator allocator;
static seL4_CPtr supervisor; /* the endpoint for reports and faults */
static seL4_CPtr filled;
static seL4_CPtr drained;
static seL4_CPtr pages[PAGE_COUNT];

static void heading(const char *text)
{
    sel4_util_printf("\n--- %s ---\n", text);
}

static const volatile void *page_view(enum page page)
{
    return (const volatile void *)(seL4_Word)(PAGE_VADDR + (page << seL4_PageBits));
}

static void objects_make(void)
{
    supervisor = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    filled = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    drained = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    for (enum page page = PAGE_BOARD; page < PAGE_COUNT; page++) {
        pages[page] = sel4_util_object_alloc(&allocator, seL4_X86_4K, 0);
        SEL4_UTIL_CHECK(sel4_util_map(&allocator, seL4_CapInitThreadVSpace, pages[page],
                                      (seL4_Word)page_view(page), seL4_CanRead));
    }
    for (unsigned id = ID_NAMES; id < ID_COUNT; id++) {
        SEL4_UTIL_CHECK(
            sel4_util_allocator_carve(&instances[id].memory, &allocator, MEMORY_BITS, MEMORY_SLOTS));
        if (plans[id].is_service) {
            instances[id].service = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
        }
    }
}

/* --- making a component --- */

static void page_share(enum demo_id id)
{
    struct instance *instance = &instances[id];
    seL4_CPtr copy = sel4_util_cap_mint(&instance->memory, pages[plans[id].page], seL4_AllRights, 0);
    SEL4_UTIL_CHECK(sel4_util_map(&instance->memory, instance->component.vspace, copy, SHARED_VADDR,
                                  plans[id].can_write ? seL4_ReadWrite : seL4_CanRead));
}

static void give(enum demo_id id, seL4_Word slot, seL4_CPtr cap, seL4_CapRights_t rights, seL4_Word badge)
{
    SEL4_UTIL_CHECK(sel4_util_component_give(&instances[id].component, slot, cap, rights, badge));
}

/* All that a component can ever reach is in this function. */
static void capabilities_give(enum demo_id id)
{
    const struct instance *instance = &instances[id];
    const seL4_CapRights_t can_call = seL4_CapRights_new(1, 0, 0, 1);
    const seL4_CapRights_t can_call_and_pass_on = seL4_CapRights_new(1, 1, 0, 1);
    give(id, SLOT_SUPERVISOR, supervisor, can_call, id);
    if (plans[id].is_service) {
        give(id, SLOT_SERVICE, instance->service, seL4_AllRights, 0);
    }
    if (id == ID_SENSOR || id == ID_DISPLAY) {
        give(id, SLOT_FILLED, filled, id == ID_SENSOR ? seL4_CanWrite : seL4_CanRead, 1);
        give(id, SLOT_DRAINED, drained, id == ID_SENSOR ? seL4_CanRead : seL4_CanWrite, 1);
        return;
    }
    give(id, SLOT_CNODE, instance->component.cnode, seL4_AllRights, 0);
    if (id != ID_NAMES) {
        give(id, SLOT_NAMES, instances[ID_NAMES].service,
             plans[id].is_service ? can_call_and_pass_on : can_call, id);
    }
}

/*
 * Whatever there was before is destroyed, with one Revoke; the endpoint of its
 * service stays, and so does who waits there.
 */
static void component_run(enum demo_id id)
{
    struct instance *instance = &instances[id];
    const struct plan *plan = &plans[id];
    SEL4_UTIL_CHECK(sel4_util_allocator_reset(&instance->memory));
    SEL4_UTIL_CHECK(sel4_util_component_load(
        &instance->component, &instance->memory,
        &(struct sel4_util_component_config){.name = demo_names[id],
                                             .image = plan->image,
                                             .image_size = (size_t)(plan->image_end - plan->image),
                                             .priority = plan->priority,
                                             .fault_endpoint = SLOT_SUPERVISOR}));
    if (plan->page != PAGE_NONE) {
        page_share(id);
    }
    capabilities_give(id);
    instance->lives++;
    seL4_Word first = id == ID_ALICE || id == ID_BOB ? (seL4_Word)id : instance->lives;
    SEL4_UTIL_CHECK(sel4_util_component_start(&instance->component, first, plan->argument, 0, 0));
}

/* --- watching over them --- */

/*
 * Start it anew. A client that was being served would wait forever for an answer
 * that nobody can give any more; a thread that is suspended and resumed while it
 * waits makes its system call again, and so asks the new instance.
 */
static void oracle_recover(void)
{
    const volatile struct journal *journal = page_view(PAGE_JOURNAL);
    struct instance *oracle = &instances[ID_ORACLE];
    seL4_Word client = journal->client;
    sel4_util_printf("      before    %lu questions answered in this life\n",
                     journal->answered - oracle->requests);
    sel4_util_printf(
        "      recovery  memory taken back, loaded again; %s, who was being served, asks again\n\n",
        demo_names[client]);
    oracle->requests = journal->answered;
    component_run(ID_ORACLE);
    if (client != ID_ROOT) {
        SEL4_UTIL_CHECK(seL4_TCB_Suspend(instances[client].component.tcb));
        SEL4_UTIL_CHECK(seL4_TCB_Resume(instances[client].component.tcb));
    }
}

/* Receive until so many have reported this. */
static void supervise(enum demo_label label, unsigned count)
{
    while (count > 0) {
        seL4_Word badge;
        seL4_MessageInfo_t message = seL4_Recv(supervisor, &badge);
        if (fault_is(message)) {
            fault_print(demo_names[badge], message);
            if (badge != ID_ORACLE) {
                sel4_util_panic("only the oracle may do that\n");
            }
            oracle_recover();
        } else if (seL4_MessageInfo_get_label(message) == label) {
            count--;
        }
    }
}

static void board_print(void)
{
    const volatile struct board *board = page_view(PAGE_BOARD);
    for (seL4_Word i = 0; i < board->row_count; i++) {
        say(ID_ROOT, "%6s  prime number %3lu is %4lu", demo_names[board->rows[i].owner],
            board->rows[i].question, board->rows[i].answer);
    }
}

static void components_destroy(void)
{
    for (unsigned id = ID_NAMES; id < ID_COUNT; id++) {
        SEL4_UTIL_CHECK(sel4_util_allocator_reset(&instances[id].memory));
    }
    say(ID_ROOT, "%d components destroyed, %d KiB taken back", ID_COUNT - ID_NAMES,
        (ID_COUNT - ID_NAMES) << (MEMORY_BITS - 10));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    sel4_util_printf("demo: seven components, each in an address space of its own\n");
    objects_make();

    heading("services, which tell the name service where they are");
    component_run(ID_NAMES);
    supervise(REPORT_READY, 1);
    component_run(ID_STORE);
    supervise(REPORT_READY, 1);
    component_run(ID_ORACLE);
    supervise(REPORT_READY, 1);

    heading("a sensor and a display: shared memory and two notifications");
    component_run(ID_SENSOR);
    component_run(ID_DISPLAY);
    supervise(REPORT_DONE, 2);

    heading("two clients, and an oracle that crashes at every third question");
    component_run(ID_ALICE);
    component_run(ID_BOB);
    supervise(REPORT_DONE, 2);

    heading("the end");
    say(ID_ROOT, "the oracle had %lu lives; what the store wrote on the board:", instances[ID_ORACLE].lives);
    board_print();
    components_destroy();
    sel4_util_printf("\ndemo: done\n");
    return 0;
}
