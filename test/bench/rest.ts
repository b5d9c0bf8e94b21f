/**
 * What a row costs beyond its floor. What a profile has shown says so; the others follow from the sources. Printed below the table of the row, whether or not its
 * goal is reached.
 */
export const REST: Readonly<Record<string, string>> = {
  pick: 'A pick by name looks the name up and then reads the balancer and the list of that service, where the floor reads a counter and the list. With 1,000 services the lists and endpoints do not fit into the first caches of a processor, for the floor neither, so that both take longer and the ratio depends on the other work of the processor. A handle that is kept saves the look-up.',
  strategies:
    '`random`, `least-request` and `peak-ewma` draw random numbers, and V8 puts each number that a function returns on the heap: 8 to 16 bytes a pick, in the hand-written strategies too. The other strategies allocate nothing.',
  change:
    'At 10,000 endpoints, three quarters of the processor time of a change grow with the list: in a profile, that is one copy of the array and its garbage, since a list that a caller has received never changes. The rest is the same for 3 endpoints: comparing the instance with the one that it replaces, checking its address, sharing its metadata, and calling the listeners. No other endpoint is looked at.',
  visible:
    'On etcd, both sides wait 0.5 to 0.7 ms for the server and for the answer to the put, which mostly arrives first and takes 0.16 ms. From the HTTP/2 frame of the event on, ours takes 0.15 to 0.18 ms at 1,000 endpoints, and the bare watch 0.08 to 0.09 ms, of which gRPC and its decoding are 0.065 ms on both sides. The rest of ours is the place in the history (14 µs), decoding and checking the instance and handing it over (44 µs), the list (24 µs) and the listeners (19 µs, as the bare watch). The functions are the same as in a tight loop, where they take less than half: between two events other code fills the caches of the processor. No hash is computed before the endpoint is visible. When another process makes the put and this one sleeps until the event, the difference was 0.15 to 0.3 ms of 0.8 to 1.1 ms, on a busy machine. On Consul each change is a complete list from the agent. On `file:` most of the time is the write itself: a file is written under another name and linked into place, and the session is checked before and after.',
  'event-loop':
    'Each change copies a list of 10,000 endpoints once, and the garbage of 100 such changes a second is collected; see the row of one change. Receiving and decoding 100 changes a second costs the same for a short list.',
  memory:
    'Beside an endpoint there are its place in a map by id and two places in arrays; equal metadata is shared, which plain objects do not do. No entry of the registry and no copy of its key is kept.',
  route:
    'In profiles, the two routes differ by about 3 µs of 210 µs of processor time a request, and all of it is in Nest: it awaits the pipes of a parameter. A pipe that does nothing takes as long as the one of `@Service`, which itself is below what a profile shows.',
  calls:
    'A GET by fetch takes about 250 µs of processor time, and ours 11 to 20 µs more: the copy of the options and headers, the attempt and its statistics, and the handler between the response and fetch, about nine objects in all. A POST takes about 395 µs, and ours 11 to 25 µs more, of which a part is the stream of the body, which is kept for a retry. A GET by axios takes about 315 µs, and ours about 22 µs more: 2 µs are the copy of the configuration, 1 to 2 µs are in Node, which looks whether the name in `Host` is an IP address, and the rest is the attempt, the agent that observes the connection, and the signal by which the attempt can be ended.',
  rpc: "With many messages at a time, `tcpService` takes less than Nest's TCP client: the messages of one turn of the event loop are written by one system call, which is a third of what a message of Nest's client costs. With one caller at a time nothing can be written together, and a message takes about 6 µs more of 35 µs: the choice of the endpoint and connection, the retry budget, the attempt and its statistics, three readings of the clock, and the callback that reports whether the message was written. A gRPC call has an interceptor that reports its outcome.",
  keys: 'Nothing at rest is proportional to the number of keys, nor are timers and watches, unless metrics count the renewals of each key. What a process has beyond the floor is a sign of life of its watch every 2 s, which is one small message and its answer, and the handling of a renewal with its deadlines: in a profile of 10,000 keys less than 0.8 ms of processor time a second in all. A collection of the idle heap, which V8 does once at a random time, is switched off on both sides.',
  recovery:
    'The watch reports the deletions, and every key is written again without a read, in transactions of up to 64 keys.',
};
