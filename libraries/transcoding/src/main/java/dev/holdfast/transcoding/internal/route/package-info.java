/** HTTP routes of methods: path templates and the matching of requests (google.api.http). */
@NullMarked
package dev.holdfast.transcoding.internal.route;

import org.jspecify.annotations.NullMarked;
