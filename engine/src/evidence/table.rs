//! The macro that expands the table of signals into the functions that visit all of them.

/// Makes [`observe`](super::observe) and the functions of the quick check from the table of
/// signals.
macro_rules! signals {
    ($($kind:ident, $group:ident, $needs:ident $(($may_favour:ident))?, $module:ident::$observe:ident;)+) => {
        const _: () = assert!(
            [$(EvidenceKind::$kind),+].len() + 1 == EvidenceKind::ALL.len(),
            "the table has a row for every kind but `listener-context`"
        );

        /// Passes every signal that can be observed on the listener's handshake number `index` to
        /// `take`.
        pub(crate) fn observe<D: Detail>(listener: &Listener<'_>, index: usize, mut take: impl FnMut(Signal<D>)) {
            let handshake = listener.handshakes[index];
            if handshake.syn_ack.is_none() || handshake.simultaneous {
                return;
            }
            $(
                let observed = signals!(@observe $needs, $module::$observe, D, listener, index);
                let signal = |observed| Signal { kind: EvidenceKind::$kind, group: Group::$group, observed };
                observed.into_iter().map(signal).for_each(&mut take);
            )+
        }

        /// Returns whether some signal of the rows `Handshake` and `ListenerAlone` may favour a
        /// cookie or a proxy in a preview, whatever the facts of the listener are.
        pub(crate) fn may_favour_alone(handshake: &Handshake, is_judged: bool) -> bool {
            $(signals!(@alone $needs, $module::$observe, ($($module::$may_favour)?), handshake, is_judged))||+
        }

        /// Returns whether some signal of the rows `Listener` may favour a cookie or a proxy on
        /// some handshake of the preview.
        pub(crate) fn may_favour_among(preview: &Preview<'_, '_>) -> bool {
            $(signals!(@among $needs, ($($module::$may_favour)?), preview))||+
        }
    };
    (@observe Handshake, $module:ident::$observe:ident, $detail:ty, $listener:ident, $index:ident) => {
        $module::$observe::<$detail>($listener.handshakes[$index]).inspect(|observed| debug_assert!(observed.systematic))
    };
    (@observe $needs:ident, $module:ident::$observe:ident, $detail:ty, $listener:ident, $index:ident) => {
        $module::$observe::<$detail>($listener, $index)
    };
    (@alone Handshake, $module:ident::$observe:ident, (), $handshake:ident, $is_judged:ident) => {
        $is_judged && $module::$observe::<NoDetail>($handshake).is_some_and(|observed| observed.is_cookie_style())
    };
    (@alone ListenerAlone, $module:ident::$observe:ident, ($same:ident::$may_favour:ident), $handshake:ident, $is_judged:ident) => {
        $same::$may_favour($handshake, $is_judged)
    };
    (@alone $needs:ident, $module:ident::$observe:ident, ($($same:ident::$may_favour:ident)?), $handshake:ident, $is_judged:ident) => {
        false
    };
    (@among Listener, ($module:ident::$may_favour:ident), $preview:ident) => {
        $module::$may_favour($preview)
    };
    (@among $needs:ident, ($($module:ident::$may_favour:ident)?), $preview:ident) => {
        false
    };
}
