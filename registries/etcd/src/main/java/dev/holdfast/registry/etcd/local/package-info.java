/** An etcd of one's own on this machine, for demos and tests. */
@NullMarked
package dev.holdfast.registry.etcd.local;

import org.jspecify.annotations.NullMarked;
