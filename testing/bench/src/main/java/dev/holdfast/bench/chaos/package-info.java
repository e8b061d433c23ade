/** Seeded faults on real clusters of etcd members, and the calls that must survive them. */
@NullMarked
package dev.holdfast.bench.chaos;

import org.jspecify.annotations.NullMarked;
