//! The names of Python 3.13's modules, as `__all__` and the documentation list them, by the headings
//! of the page under which they are answered. `tests/interop/thread_names.rs` compares them with Python itself.

pub const OF_MODULES: &[(&str, &str)] = &[
    (
        "_thread",
        "start_new_thread start_new start_joinable_thread exit exit_thread get_ident get_native_id
         stack_size error TIMEOUT_MAX interrupt_main daemon_threads_allowed allocate_lock allocate LockType
         RLock lock",
    ),
    (
        "threading: Thread",
        "Thread start run join name getName setName ident native_id is_alive daemon isDaemon setDaemon",
    ),
    (
        "threading: functions",
        "active_count activeCount current_thread currentThread enumerate main_thread get_ident
         get_native_id stack_size excepthook __excepthook__ ExceptHookArgs local ThreadError TIMEOUT_MAX
         settrace gettrace settrace_all_threads setprofile getprofile setprofile_all_threads",
    ),
    (
        "threading: locks and what waits",
        "Lock Lock.acquire Lock.acquire_lock Lock.release Lock.release_lock Lock.locked Lock.locked_lock
         RLock RLock.acquire RLock.release Condition Condition.acquire Condition.release Condition.wait
         Condition.wait_for Condition.notify Condition.notify_all Condition.notifyAll Semaphore Semaphore.acquire
         Semaphore.release BoundedSemaphore BoundedSemaphore.acquire BoundedSemaphore.release Event
         Event.is_set Event.isSet Event.set Event.clear Event.wait Timer Timer.start Timer.cancel
         Barrier Barrier.wait Barrier.reset Barrier.abort Barrier.parties Barrier.n_waiting
         Barrier.broken BrokenBarrierError",
    ),
    (
        "queue",
        "Queue LifoQueue PriorityQueue SimpleQueue Empty Full ShutDown Queue.qsize Queue.empty Queue.full
         Queue.maxsize Queue.put Queue.put_nowait Queue.get Queue.get_nowait Queue.task_done Queue.join
         Queue.shutdown SimpleQueue.qsize SimpleQueue.empty SimpleQueue.put SimpleQueue.put_nowait
         SimpleQueue.get SimpleQueue.get_nowait",
    ),
    (
        "concurrent.futures",
        "FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED CancelledError TimeoutError InvalidStateError
         BrokenExecutor BrokenThreadPool BrokenProcessPool Future Executor wait as_completed
         ProcessPoolExecutor ThreadPoolExecutor Executor.submit Executor.map Executor.shutdown
         Future.cancel Future.cancelled Future.running Future.done Future.result Future.exception
         Future.add_done_callback Future.set_running_or_notify_cancel Future.set_result
         Future.set_exception",
    ),
    (
        "subprocess",
        "Popen PIPE STDOUT call check_call getstatusoutput getoutput check_output run
         CalledProcessError DEVNULL SubprocessError TimeoutExpired CompletedProcess Popen.poll Popen.wait
         Popen.communicate Popen.send_signal Popen.terminate Popen.kill Popen.args Popen.stdin
         Popen.stdout Popen.stderr Popen.pid Popen.returncode
         Popen.universal_newlines CompletedProcess.check_returncode list2cmdline STARTUPINFO",
    ),
    (
        "multiprocessing",
        "Array AuthenticationError Barrier BoundedSemaphore BufferTooShort Condition Event
         JoinableQueue Lock Manager Pipe Pool Process ProcessError Queue RLock RawArray RawValue
         Semaphore SimpleQueue TimeoutError Value active_children allow_connection_pickling cpu_count
         current_process freeze_support get_all_start_methods get_context get_logger get_start_method
         log_to_stderr parent_process reducer set_executable set_forkserver_preload set_start_method
         Process.run Process.start Process.join Process.name Process.is_alive Process.daemon Process.pid
         Process.ident Process.exitcode Process.authkey Process.sentinel Process.terminate Process.kill Process.close
         Pool.Process Pool.apply Pool.apply_async Pool.map Pool.imap Pool.imap_unordered Pool.starmap Pool.close
         Pool.terminate Pool.join Pool.map_async Pool.starmap_async AsyncResult AsyncResult.get
         AsyncResult.wait AsyncResult.ready AsyncResult.successful Connection.send Connection.recv
         Connection.fileno Connection.close Connection.poll Connection.send_bytes Connection.recv_bytes
         Connection.recv_bytes_into
         Connection.closed Connection.readable Connection.writable Queue.qsize Queue.empty Queue.full Queue.put Queue.put_nowait
         Queue.get Queue.get_nowait Queue.close Queue.join_thread Queue.cancel_join_thread
         SimpleQueue.close SimpleQueue.empty SimpleQueue.get SimpleQueue.put JoinableQueue.task_done
         JoinableQueue.join shared_memory sharedctypes managers connection dummy",
    ),
];

/// What the page calls by a name that is not declared in `lariat-sync`: std's, other crates', and words of the
/// language.
pub const ELSEWHERE: &str = "
    BufRead Child Command CommandExt Error ExitStatus File Future Output Stdio String True UnixStream
    ValueError as_fd available_parallelism await c code creation_flags crossbeam_channel for from_utf8 fs
    get_args id immediate in io item lariat lines n null os output pair panic parent_id parking_lot perf pipe
    piped read_exact set_hook set_read_timeout sh signal status std stderr stdin stdout success sync take_hook
    thread_local try_wait wait_with_output windows with write_all";
