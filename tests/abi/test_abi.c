/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of known configurations. The expected values were taken from the
 * headers that the releases' own build generates, not from our tables.
 */
#include "abi/abi.h"
#include "tests/check.h"

#include <stdlib.h>

static struct abi abi;

/* A spelled configuration: the release, then letters for switches. */
static void configure(unsigned release, const char *switches)
{
    struct abi_config config;
    CHECK(abi_config_defaults(&config, release));
    for (const char *s = switches; *s; s++) {
        switch (*s) {
        case 'M':
            config.is_mcs = true;
            break;
        case 'R': /* release build */
            config.is_debug = config.is_printing = false;
            break;
        case 'S':
            config.is_smp = true;
            break;
        case 'H':
            config.has_hardware_debug = true;
            break;
        case 'V':
            config.has_vtx = true;
            break;
        case 'I':
            config.has_iommu = true;
            break;
        case 'B':
            config.has_benchmarks = config.has_benchmark_utilisation = true;
            break;
        case 'T':
            config.has_set_tls_base_self = false;
            break;
        default:
            abort();
        }
    }
    CHECK(abi_build(&abi, &config));
}

static unsigned label_of(enum operation operation)
{
    for (unsigned label = 1; label < ABI_MAX_LABELS; label++) {
        if (abi_operation(&abi, label) == operation) {
            return label;
        }
    }
    return 0;
}

static int number_of(enum syscall syscall)
{
    for (int index = 1; index < ABI_MAX_SYSCALLS; index++) {
        if (abi_syscall(&abi, (uint64_t)-index) == syscall) {
            return -index;
        }
    }
    return 0;
}

static void test_labels_16_classic(void)
{
    configure(16, "");
    CHECK_EQ(label_of(OPERATION_UNTYPED_RETYPE), 1);
    CHECK_EQ(label_of(OPERATION_TCB_READ_REGISTERS), 2);
    CHECK_EQ(label_of(OPERATION_TCB_CONFIGURE), 5);
    CHECK_EQ(label_of(OPERATION_TCB_SET_TLS_BASE), 15);
    CHECK_EQ(label_of(OPERATION_TCB_SET_FLAGS), 16);
    CHECK_EQ(label_of(OPERATION_CNODE_REVOKE), 17);
    CHECK_EQ(label_of(OPERATION_CNODE_SAVE_CALLER), 25);
    CHECK_EQ(label_of(OPERATION_IRQ_ISSUE_IRQ_HANDLER), 26);
    CHECK_EQ(label_of(OPERATION_DOMAIN_SET_SET), 30);
    CHECK_EQ(label_of(OPERATION_DOMAIN_SCHEDULE_SET_START), 32);
    CHECK_EQ(label_of(OPERATION_X86_PDPT_MAP), 33);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 39);
    CHECK_EQ(label_of(OPERATION_X86_ASID_CONTROL_MAKE_POOL), 42);
    CHECK_EQ(label_of(OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI), 52);
    CHECK_EQ(abi.label_count, 53);
    CHECK_EQ(label_of(OPERATION_SCHED_CONTEXT_BIND), 0);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP_EPT), 0);
}

static void test_labels_16_mcs(void)
{
    configure(16, "M");
    CHECK_EQ(label_of(OPERATION_TCB_CONFIGURE), 5);
    CHECK_EQ(label_of(OPERATION_TCB_SET_TIMEOUT_ENDPOINT), 9);
    CHECK_EQ(label_of(OPERATION_TCB_SET_FLAGS), 17);
    CHECK_EQ(label_of(OPERATION_CNODE_REVOKE), 18);
    CHECK_EQ(label_of(OPERATION_CNODE_SAVE_CALLER), 0);
    CHECK_EQ(label_of(OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS), 33);
    CHECK_EQ(label_of(OPERATION_SCHED_CONTEXT_YIELD_TO), 38);
    CHECK_EQ(label_of(OPERATION_X86_PDPT_MAP), 39);
    CHECK_EQ(label_of(OPERATION_X86_IRQ_ISSUE_IRQ_HANDLER_MSI), 58);
}

static void test_labels_of_earlier_releases(void)
{
    configure(15, "");
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 39);
    configure(14, "");
    CHECK_EQ(label_of(OPERATION_TCB_SET_FLAGS), 16);
    CHECK_EQ(label_of(OPERATION_DOMAIN_SCHEDULE_CONFIGURE), 0);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 37);
    configure(13, "");
    CHECK_EQ(label_of(OPERATION_TCB_SET_FLAGS), 0);
    CHECK_EQ(label_of(OPERATION_CNODE_REVOKE), 16);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 36);
    configure(13, "M");
    CHECK_EQ(label_of(OPERATION_SCHED_CONTROL_CONFIGURE_FLAGS), 30);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 42);
}

static void test_labels_with_switches(void)
{
    configure(16, "S");
    CHECK_EQ(label_of(OPERATION_TCB_SET_AFFINITY), 15);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 40);
    configure(16, "SM");
    CHECK_EQ(label_of(OPERATION_TCB_SET_AFFINITY), 0);
    configure(16, "H");
    CHECK_EQ(label_of(OPERATION_TCB_SET_BREAKPOINT), 15);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 43);
    configure(16, "VI");
    CHECK_EQ(label_of(OPERATION_X86_IO_PAGE_TABLE_MAP), 39);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP), 41);
    CHECK_EQ(label_of(OPERATION_X86_PAGE_MAP_EPT), 45);
    CHECK_EQ(label_of(OPERATION_TCB_SET_EPT_ROOT), 57);
}

static void test_syscalls_classic(void)
{
    configure(16, "");
    CHECK_EQ(number_of(SYSCALL_CALL), -1);
    CHECK_EQ(number_of(SYSCALL_REPLY_RECV), -2);
    CHECK_EQ(number_of(SYSCALL_SEND), -3);
    CHECK_EQ(number_of(SYSCALL_RECV), -5);
    CHECK_EQ(number_of(SYSCALL_REPLY), -6);
    CHECK_EQ(number_of(SYSCALL_YIELD), -7);
    CHECK_EQ(number_of(SYSCALL_NB_RECV), -8);
    CHECK_EQ(number_of(SYSCALL_DEBUG_PUT_CHAR), -9);
    CHECK_EQ(number_of(SYSCALL_DEBUG_NAME_THREAD), -14);
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -30);
    CHECK_EQ(number_of(SYSCALL_WAIT), 0);
    CHECK_EQ(number_of(SYSCALL_DEBUG_SEND_IPI), 0);
    configure(15, "");
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -29);
    CHECK_EQ(number_of(SYSCALL_DEBUG_SEND_IPI), -15);
    configure(13, "");
    CHECK_EQ(number_of(SYSCALL_DEBUG_SEND_IPI), 0);
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -29);
}

static void test_syscalls_mcs(void)
{
    configure(16, "M");
    CHECK_EQ(number_of(SYSCALL_NB_SEND_RECV), -3);
    CHECK_EQ(number_of(SYSCALL_SEND), -5);
    CHECK_EQ(number_of(SYSCALL_RECV), -7);
    CHECK_EQ(number_of(SYSCALL_NB_RECV), -8);
    CHECK_EQ(number_of(SYSCALL_NB_WAIT), -10);
    CHECK_EQ(number_of(SYSCALL_YIELD), -11);
    CHECK_EQ(number_of(SYSCALL_REPLY), 0);
    CHECK_EQ(number_of(SYSCALL_DEBUG_PUT_CHAR), -12);
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -33);
    configure(14, "M");
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -32);
}

static void test_disabled_syscalls_keep_their_numbers(void)
{
    configure(16, "R");
    CHECK_EQ(abi_syscall(&abi, (uint64_t)-9), SYSCALL_UNKNOWN);
    CHECK_EQ(number_of(SYSCALL_SET_TLS_BASE), -30);
    configure(16, "T");
    CHECK_EQ(abi_syscall(&abi, (uint64_t)-30), SYSCALL_UNKNOWN);
    configure(16, "BVS");
    CHECK_EQ(number_of(SYSCALL_DEBUG_GET_THREAD_AFFINITY), -16);
    CHECK_EQ(number_of(SYSCALL_BENCHMARK_FLUSH_CACHES), -18);
    CHECK_EQ(number_of(SYSCALL_BENCHMARK_RESET_ALL_THREADS_UTILISATION), -26);
    CHECK_EQ(number_of(SYSCALL_VM_ENTER), -29);
}

static void test_numbers_out_of_range(void)
{
    configure(16, "");
    CHECK_EQ(abi_syscall(&abi, 0), SYSCALL_UNKNOWN);
    CHECK_EQ(abi_syscall(&abi, 1), SYSCALL_UNKNOWN);
    CHECK_EQ(abi_syscall(&abi, (uint64_t)-1000), SYSCALL_UNKNOWN);
    CHECK_EQ(abi_syscall(&abi, (uint64_t)INT64_MIN), SYSCALL_UNKNOWN);
    CHECK_EQ(abi_operation(&abi, 0), OPERATION_INVALID);
    CHECK_EQ(abi_operation(&abi, abi.label_count), OPERATION_INVALID);
    CHECK_EQ(abi_operation(&abi, UINT64_MAX), OPERATION_INVALID);
}

static void test_objects(void)
{
    configure(16, "");
    CHECK_EQ(abi.object_of_type[4], OBJECT_CNODE);
    CHECK_EQ(abi.type_of_object[OBJECT_PDPT], 5);
    CHECK_EQ(abi.type_of_object[OBJECT_SMALL_PAGE], 8);
    CHECK_EQ(abi.type_of_object[OBJECT_PAGE_DIRECTORY], 11);
    CHECK_EQ(abi.type_of_object[OBJECT_REPLY], 0xff);
    CHECK_EQ(abi.object_of_type[12], OBJECT_NONE);
    CHECK_EQ(abi.object_bits[OBJECT_TCB], 11);
    CHECK_EQ(abi.object_bits[OBJECT_NOTIFICATION], 5);
    CHECK_EQ(abi.object_bits[OBJECT_CNODE], 0);
    configure(13, "MV");
    CHECK_EQ(abi.type_of_object[OBJECT_SCHED_CONTEXT], 5);
    CHECK_EQ(abi.type_of_object[OBJECT_REPLY], 6);
    CHECK_EQ(abi.type_of_object[OBJECT_PDPT], 7);
    CHECK_EQ(abi.type_of_object[OBJECT_PAGE_DIRECTORY], 13);
    CHECK_EQ(abi.object_bits[OBJECT_NOTIFICATION], 6);
    CHECK_EQ(abi.object_bits[OBJECT_REPLY], 5);
}

static void test_large_vector_state_doubles_the_tcb(void)
{
    struct abi_config config;
    CHECK(abi_config_defaults(&config, 16));
    config.xsave_size = 832;
    CHECK(abi_build(&abi, &config));
    CHECK_EQ(abi.object_bits[OBJECT_TCB], 12);
}

static void test_faults(void)
{
    configure(16, "");
    CHECK_EQ(abi.fault_vm, 5);
    CHECK_EQ(abi.fault_timeout, 0);
    CHECK_EQ(abi.fault_debug, 0);
    configure(16, "MH");
    CHECK_EQ(abi.fault_vm, 6);
    CHECK_EQ(abi.fault_timeout, 5);
    CHECK_EQ(abi.fault_debug, 4);
}

static void test_unknown_releases(void)
{
    struct abi_config config;
    CHECK(!abi_config_defaults(&config, 12));
    CHECK(!abi_config_defaults(&config, 17));
    CHECK(abi_config_defaults(&config, 16));
    config.release = 12;
    CHECK(!abi_build(&abi, &config));
}

static void test_names(void)
{
    CHECK_STR_EQ(abi_operation_name(OPERATION_TCB_READ_REGISTERS), "TCBReadRegisters");
    CHECK_STR_EQ(abi_operation_name(OPERATION_INVALID), "InvalidInvocation");
    CHECK_STR_EQ(abi_operation_name((enum operation)1000), "InvalidInvocation");
    CHECK_STR_EQ(abi_syscall_name(SYSCALL_NB_SEND_RECV), "NBSendRecv");
    CHECK_STR_EQ(abi_error_name(ABI_NOT_ENOUGH_MEMORY), "NotEnoughMemory");
    CHECK_STR_EQ(abi_error_name((enum abi_error)77), "unknown error");
}

CHECK_MAIN(CHECK_TEST(test_labels_16_classic), CHECK_TEST(test_labels_16_mcs),
           CHECK_TEST(test_labels_of_earlier_releases), CHECK_TEST(test_labels_with_switches),
           CHECK_TEST(test_syscalls_classic), CHECK_TEST(test_syscalls_mcs),
           CHECK_TEST(test_disabled_syscalls_keep_their_numbers), CHECK_TEST(test_numbers_out_of_range),
           CHECK_TEST(test_objects), CHECK_TEST(test_large_vector_state_doubles_the_tcb),
           CHECK_TEST(test_faults), CHECK_TEST(test_unknown_releases), CHECK_TEST(test_names))
