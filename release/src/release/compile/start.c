/* The first steps of a compiled program, before there is an interpreter.
 *
 * The user plugin adds this file to every build, renames three functions of Nuitka's main program with the
 * preprocessor, and so gets in front of them:
 *
 *   main                          runs here first: interrupts, descriptors, stack, environment
 *   PyPreConfig_InitPythonConfig  the interpreter is told to read no PYTHON* variable
 *   _PyConfig_InitCompatConfig    the same, for what is configured later
 *
 * POSIX is tested on Linux. What stands below _WIN32 and __APPLE__ has not been run.
 */
#undef main
#undef PyPreConfig_InitPythonConfig
#undef _PyConfig_InitCompatConfig

#if defined(__linux__)
/* Nuitka's own headers, for its table of modules; Python's are in them. */
#include "nuitka/prelude.h"

#include "nuitka/unfreezing.h"
#else
#include <Python.h>
#endif

#include <signal.h>
#include <stdlib.h>

#if defined(_WIN32)
#include <process.h>
#else
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#if defined(__linux__)
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#endif

/* Declared in a header of CPython that is only for its own core. */
extern void _PyConfig_InitCompatConfig(PyConfig *config);

/* --- the interpreter's configuration ------------------------------------------------------------------- */

/* The launcher's own frames are none of CPython's: code in C that walks the stack (a profiler) fails at them. What is
 * run through this has no frame below its own, as a script has none. */
static PyObject *run_alone(PyObject *self, PyObject *given) {
    PyObject *code, *globals, *locals;
    (void)self;
    if (!PyArg_ParseTuple(given, "OOO", &code, &globals, &locals)) {
        return NULL;
    }
#if PY_VERSION_HEX >= 0x030D0000
    PyThreadState *thread = PyThreadState_Get();
    struct _PyInterpreterFrame *below = thread->current_frame;
    thread->current_frame = NULL;
    PyObject *result = PyEval_EvalCode(code, globals, locals);
    thread->current_frame = below;
    return result;
#else
    return PyEval_EvalCode(code, globals, locals);
#endif
}

static PyMethodDef start_methods[] = {{"alone", run_alone, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef start_module = {PyModuleDef_HEAD_INIT, "_release_start", NULL, -1, start_methods,
                                          NULL,                  NULL,             NULL, NULL};

static PyObject *make_start_module(void) { return PyModule_Create(&start_module); }

void start_preconfig(PyPreConfig *config) {
    PyImport_AppendInittab("_release_start", make_start_module);
    PyPreConfig_InitPythonConfig(config);
    config->isolated = 1;
    config->use_environment = 0;
    config->dev_mode = 0;
}

void start_config(PyConfig *config) {
    _PyConfig_InitCompatConfig(config);
    config->isolated = 1;
    config->use_environment = 0;
    config->user_site_directory = 0;
    config->dev_mode = 0;
}

/* --- modules ------------------------------------------------------------------------------------------- */

#if defined(__linux__)
/* Nuitka finds a module by going through its table of all of them, and copies the name of each into a buffer before
 * it compares. With 1,400 modules that was an eighth of the start of a server. It compares in place here. The linker
 * sends the one call here that registers the table. */
extern void __real_registerMetaPathBasedLoader(struct Nuitka_MetaPathBasedLoaderEntry **entries,
                                               unsigned char **bytecode, int count);

static bool is_named(char const *name, char const *entry) {
    while (*name == *entry && *name != 0) {
        name++;
        entry++;
    }
    return *name == *entry;
}

/* To find the bytecode of each module Nuitka has gone through that of all of them, and the kernel has mapped what lies
 * around each place that was touched: of a program of 28 MB more than half, for as long as it runs. Given back, what is
 * imported from now on comes again, from pages that are in memory anyway, and nothing else. */
static void forget(struct Nuitka_MetaPathBasedLoaderEntry **entries, unsigned char **bytecode, int count) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = UINTPTR_MAX, last = 0;
    for (int number = 0; number < count; number++) {
        if ((entries[number]->flags & NUITKA_BYTECODE_FLAG) != 0) {
            uintptr_t place = (uintptr_t)bytecode[entries[number]->bytecode_index];
            first = place < first ? place : first;
            last = place > last ? place : last;
        }
    }
    if (last > first && last - first > page) {
        /* Only whole pages between the first and the last; where it fails nothing is lost but memory. */
        first = (first + page - 1) / page * page;
        madvise((void *)first, last / page * page - first, MADV_DONTNEED);
    }
}

void __wrap_registerMetaPathBasedLoader(struct Nuitka_MetaPathBasedLoaderEntry **entries, unsigned char **bytecode,
                                        int count) {
    for (int number = 0; number < count; number++) {
        if (entries[number]->m_get_name == NULL && entries[number]->m_compare_name == NULL) {
            entries[number]->m_compare_name = is_named;
        }
    }
    __real_registerMetaPathBasedLoader(entries, bytecode, count);
    forget(entries, bytecode, count);
}
#endif

/* --- interrupts ---------------------------------------------------------------------------------------- */

/* Ctrl-C before the program's own code runs: the shell's code for an interrupt, and nothing printed. Python
 * leaves a handler alone that it did not install, so this one stands until the launcher replaces it. */
static void leave(int number) {
    (void)number;
    _exit(130);
}

#if defined(_WIN32)
static void leave_at_interrupt(void) { signal(SIGINT, leave); }
#else
static void leave_at_interrupt(void) {
    struct sigaction action;
    /* Whoever starts a program with SIGINT ignored (nohup, a job in the background of a script) means it. */
    if (sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        memset(&action, 0, sizeof(action));
        action.sa_handler = leave;
        sigemptyset(&action.sa_mask);
        sigaction(SIGINT, &action, NULL);
    }
}

/* --- what a process may lack --------------------------------------------------------------------------- */

/* A closed descriptor 0, 1 or 2 would be given to the next file that is opened, a database perhaps. What is
 * opened here instead can be neither read (0) nor written (1, 2), so that the program notices as it would with
 * a closed one, and does not take silence for success. The interpreter does not start with a folder as its
 * standard input, so that counts as closed. */
static void open_standard_descriptors(void) {
    struct stat input;
    if (fstat(0, &input) == 0 && S_ISDIR(input.st_mode)) {
        close(0);
    }
    for (int number = 0; number < 3; number++) {
        if (fcntl(number, F_GETFD) == -1 && errno == EBADF) {
            if (open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY) == -1) {
                return;
            }
        }
    }
}

static int is_utf8(const unsigned char *text) {
    while (*text) {
        int more = *text < 0x80 ? 0 : *text >= 0xC2 && *text < 0xE0 ? 1 : (*text & 0xF0) == 0xE0 ? 2
                   : *text >= 0xF0 && *text < 0xF5                                          ? 3
                                                                                             : -1;
        if (more < 0 || (*text == 0xE0 && text[1] < 0xA0) || (*text == 0xED && text[1] > 0x9F) ||
            (*text == 0xF0 && text[1] < 0x90) || (*text == 0xF4 && text[1] > 0x8F)) {
            return 0;
        }
        for (text++; more > 0; more--, text++) {
            if ((*text & 0xC0) != 0x80) {
                return 0;
            }
        }
    }
    return 1;
}

/* Nuitka sets these two for a moment, and can only put back what is UTF-8. The launcher puts back the rest. */
static void keep_bytes(const char *name, const char *kept) {
    const char *value = getenv(name);
    if (value != NULL && !is_utf8((const unsigned char *)value)) {
        setenv(kept, value, 1);
        unsetenv(name);
    }
}

#if defined(__linux__)
/* Nuitka asks /proc which file the program is, and aborts where /proc is not mounted. The kernel has also
 * left the name by which the program was started beside its arguments. The linker sends every call here. */
extern ssize_t __real_readlink(const char *path, char *buffer, size_t size);

ssize_t __wrap_readlink(const char *path, char *buffer, size_t size) {
    ssize_t length = __real_readlink(path, buffer, size);
    if (length != -1 || strcmp(path, "/proc/self/exe") != 0) {
        return length;
    }
    const char *started = (const char *)getauxval(AT_EXECFN);
    char *resolved = started == NULL ? NULL : realpath(started, NULL);
    if (resolved == NULL) {
        return -1;
    }
    length = (ssize_t)strlen(resolved);
    if ((size_t)length > size) {
        length = (ssize_t)size;
    }
    memcpy(buffer, resolved, (size_t)length);
    free(resolved);
    return length;
}
#endif

/* --- stack --------------------------------------------------------------------------------------------- */

extern int start_program(int argc, char **argv);

#define STACK_BYTES (8UL << 20)
#define LEAST_STACK_BYTES (4UL << 20)

struct call {
    int argc;
    char **argv;
    sigset_t signals;
    int code;
};

static void *run_on_own_stack(void *pointer) {
    struct call *call = pointer;
    pthread_sigmask(SIG_SETMASK, &call->signals, NULL);
    call->code = start_program(call->argc, call->argv);
    return NULL;
}

/* The interpreter needs more than `ulimit -s 64` gives. A limit must not be raised behind the user's back, and
 * cannot be where it is hard, so the program gets a thread with a stack of its own; signals go to that one. */
static int run(int argc, char **argv) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= LEAST_STACK_BYTES) {
        return start_program(argc, argv);
    }
    struct call call;
    call.argc = argc;
    call.argv = argv;
    call.code = 1;
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
#if defined(__linux__)
    /* Threads that the program starts would get the small size too. */
    pthread_setattr_default_np(&attributes);
#endif
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &call.signals);
    if (pthread_create(&thread, &attributes, run_on_own_stack, &call) != 0) {
        pthread_sigmask(SIG_SETMASK, &call.signals, NULL);
        return start_program(argc, argv);
    }
    pthread_join(thread, NULL);
    return call.code;
}
#endif

/* --- main ---------------------------------------------------------------------------------------------- */

#if defined(_WIN32)
extern int start_program(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv) {
    leave_at_interrupt();
    return start_program(argc, argv);
}
#else
int main(int argc, char **argv) {
    leave_at_interrupt();
    open_standard_descriptors();
    keep_bytes("PATH", "_KEPT_PATH");
    keep_bytes("PYTHONHOME", "_KEPT_PYTHONHOME");
    return run(argc, argv);
}
#endif
