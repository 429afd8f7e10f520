"""Words that mean the opposite of each other, such as buy and sell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policy_engine.signals.guards.words import Pair, Word, stem

# `a/b c/d`: each of the first against each of the second is an opposite. English.
_WRITTEN: Final = """
    buy,purchase/sell open/close,shut start,begin,launch/stop,end,finish,quit increase,raise/decrease,reduce,lower
    enable,activate/disable,deactivate allow,permit/deny,forbid,block,prohibit,ban
    accept,approve/reject,decline,refuse add/remove,delete,subtract create/delete,destroy install/uninstall,remove
    lock/unlock login/logout sign-in/sign-out win/lose pass/fail succeed,success/fail,failure true/false yes/no
    hot,warm/cold,cool first/last before/after above,over/below,under left/right up/down in/out
    inside,indoor/outside,outdoor north/south,east,west east/west,south northern/southern eastern/western
    big,large,huge/small,little,tiny long/short tall/short high/low wide/narrow thick/thin heavy/light
    fast,quick/slow early,earlier/late,later old/new,young ancient/modern good/bad,evil best/worst better/worse
    more/less,fewer most/least max,maximum/min,minimum biggest,largest/smallest longest,tallest/shortest
    highest/lowest fastest/slowest oldest/newest,youngest,latest cheapest/dearest,priciest
    cheap,inexpensive/expensive rich/poor strong/weak easy,simple/hard,difficult,complex safe/dangerous,unsafe
    legal/illegal public/private male/female man,boy/woman,girl men,boys/women,girls husband/wife
    father,dad/mother,mom,mum son/daughter brother/sister uncle/aunt king/queen he/she his/her
    deposit/withdraw,withdrawal send/receive lend/borrow import/export upload/download push/pull
    debit/credit income/expense profit/loss save/spend asset/liability import/export input/output read/write
    encrypt/decrypt encode/decode compress/decompress,extract encryption/decryption mount/unmount connect/disconnect
    subscribe/unsubscribe follow/unfollow mute/unmute hide/show,reveal expand/collapse maximize/minimize
    arrive,arrival/depart,departure,leave enter/exit,leave ascend,ascending/descend,descending
    upgrade/downgrade advance/retreat attack/defend love/hate like/dislike happy/sad laugh/cry alive/dead
    birth/death born/died live/die day/night sunrise/sunset morning/evening summer/winter spring/autumn,fall wet/dry
    full/empty clean/dirty hard/soft loud/quiet bright/dark black/white sweet/sour raw/cooked front/back top/bottom
    start/finish beginning/ending forward/backward,reverse clockwise/counterclockwise vertical/horizontal row/column
    rows/columns even/odd positive/negative plus/minus sum/difference,product multiply/divide add/multiply,divide
    numerator/denominator singular/plural past/future vowel/consonant internal/external
    domestic/international,foreign local/remote,global online/offline wired/wireless
    manual,manually/automatic,automatically temporary/permanent personal/business single/married,double major/minor
    senior/junior adult/child student/teacher employer/employee buyer/seller lender/borrower landlord/tenant
    doctor/patient winner/loser client/server sender/recipient,receiver parent/child vegetarian,vegan/meat cat/dog
    sync/async synchronous/asynchronous http/https gain/lose appear/disappear lost/found forget/remember
    freeze/unfreeze,thaw pause/resume hire/fire absent/present sick/healthy agree/disagree guilty/innocent
    major/minor verb/noun,adjective noun/adjective cause/effect,cure cause/prevent pros/cons
    advantages/disadvantages advantage/disadvantage benefits/risks,drawbacks strengths/weaknesses
    similarities/differences cash/card sooner/later all/some many/few shallow/deep
    smooth/rough sharp/blunt tight/loose fresh/stale broken/fixed break/fix,repair cancel/confirm,keep,renew
    refund/charge incoming/outgoing inbound/outbound outside/within include/exclude visible/hidden,invisible
    asleep/awake sleep/wake exterior/interior maximum/average mean/median,mode
    attach/detach tighten/loosen fasten/unfasten forward,forwards/back,backwards gross/net prefix/suffix
    mandatory,required,compulsory,obligatory/optional,voluntary join/leave check-in,checkin/check-out,checkout
    delayed,late/early staging/production cover,covers,covered/exclude,excluded accelerate/decelerate attract/repel
    build/demolish capture/release combine,merge/split,separate common/rare,uncommon concave/convex
    explicit/implicit introvert/extrovert fat,obese/thin,skinny float/sink former/latter glossy/matte guest/host
    hardware/software increment/decrement inflate/deflate inflation/deflation inhale/exhale insert/eject
    majority/minority masculine/feminine melt/freeze maternal/paternal maternity/paternity
    artificial,synthetic/natural nephew/niece optimistic/pessimistic optimist/pessimist passive/active peace/war
    polite/rude predator/prey prime/composite primary/secondary rear/front reward/punish,punishment
    rise,grow/fall,drop,shrink growth/decline rural/urban scarce/abundant multiple/single static/dynamic
    straight/curly,curved strict/lenient sunny/cloudy,rainy surplus/deficit,shortage tame/wild theory/practice
    tragedy/comedy upper/lower upstream/downstream upstairs/downstairs uphill/downhill victory/defeat
    virtual/physical widow/widower bullish/bearish bride/groom prince/princess actor/actress
    grandfather,grandpa/grandmother,grandma grandson/granddaughter boyfriend/girlfriend acid,acidic/alkaline
    entrance,entry/exit outlet/inlet inbox/outbox ingress/egress serialize/deserialize push/pop rent,lease/buy,own
    analog/digital prepaid/postpaid paid/free,unpaid wholesale/retail full-time/part-time round-trip/one-way
    lunch/dinner,breakfast breakfast/dinner aisle/window gain/loss solar/lunar landing/takeoff near/far
    former/current fixed/variable boil,boiling/freeze,freezing adult,adults/minor,minors born/die,died
    overweight/underweight overpaid/underpaid overestimate/underestimate introduction/conclusion intro/outro
    hard-boiled/soft-boiled hit/miss,avoid praise/criticize,criticise support,favor,favour/oppose obey/disobey
    victim/attacker dawn/dusk bid/ask long-term/short-term high-end/low-end top-down/bottom-up opt-in/opt-out
    plug/unplug approve/deny accept/deny admit/deny earn/spend,lose lead/follow,lag tail/head mild/severe
    chronic/acute benign/malignant systolic/diastolic vein/artery homogeneous/heterogeneous renewable/fossil
    peak/off-peak,trough carnivore/herbivore half/full,whole square/cube,cubic greater/less,lesser,smaller
    bigger,larger/smaller,lesser adult,adults/child,children,kid kids/adults fruit/vegetable teaspoon/tablespoon
    sin,sine/cos,cosine permit,permitted/prohibited verified/unverified younger/older
"""


def _pairs() -> dict[str, frozenset[str]]:
    opposites: dict[str, set[str]] = {}
    for entry in _WRITTEN.split():
        one, other = (side.split(",") for side in entry.split("/"))
        for first in one:
            for second in other:
                opposites.setdefault(stem(first), set()).add(stem(second))
                opposites.setdefault(stem(second), set()).add(stem(first))
    return {word: frozenset(against) for word, against in opposites.items()}


_OPPOSITES: Final = _pairs()


_IRREGULAR: Final[Mapping[str, str]] = {
    "bought": "buy",
    "sold": "sell",
    "sent": "send",
    "received": "receive",
    "gave": "give",
    "given": "give",
    "took": "take",
    "taken": "take",
    "won": "win",
    "lost": "lose",
    "spent": "spend",
    "began": "begin",
    "left": "leave",
    "came": "come",
    "went": "go",
    "gone": "go",
    "hid": "hide",
    "hidden": "hide",
    "wrote": "write",
    "written": "write",
    "lent": "lend",
    "forgot": "forget",
    "froze": "freeze",
    "frozen": "freeze",
    "stopped": "stop",
    "quitting": "quit",
    "winning": "win",
    "stopping": "stop",
    "lying": "lie",
    "died": "die",
}


def opposite(pair: Pair) -> str | None:
    """A word in one text that stands where its opposite stands in the other, in words; None if there is none."""
    return next((f"`{one.plain}` against `{other.plain}`" for one, other in opposites(pair)), None)


def opposites(pair: Pair) -> Iterator[tuple[Word, Word]]:
    """Words in one text that stand where their opposites stand in the other."""
    for change in pair.changes:
        for one in change.asked:
            for other in change.kept:
                is_new = one.stem not in pair.kept.stems and other.stem not in pair.asked.stems
                if is_new and (_are_opposite(one, other) or _have_opposite_parts(one, other)):
                    yield one, other


def tells(word: Word) -> bool:
    """Whether a word, or what it is a form of, has an opposite."""
    parts = word.plain.split("-") if "-" in word.plain else ()
    return any(form in _OPPOSITES for form in (*_forms(word), *map(stem, parts)))


def _are_opposite(one: Word, other: Word) -> bool:
    return any(_against(first, second) for first in _forms(one) for second in _forms(other))


def _have_opposite_parts(one: Word, other: Word) -> bool:
    """Whether words with a hyphen differ by a part and its opposite, as `left-handed` and `right-handed` do."""
    first, second = one.plain.split("-"), other.plain.split("-")
    if not 1 < len(first) == len(second):
        return False
    apart = [(here, there) for here, there in zip(first, second, strict=True) if here != there]
    return len(apart) == 1 and _against(stem(apart[0][0]), stem(apart[0][1]))


def _against(one: str, other: str) -> bool:
    return other in _OPPOSITES.get(one, ())


def _forms(word: Word) -> tuple[str, ...]:
    """The word's stem, and those of the words it may be a form of (`hottest` of `hot`)."""
    forms = [word.stem, stem(_IRREGULAR.get(word.plain, word.plain))]
    for ending in ("er", "est"):
        base = word.plain.removesuffix(ending)
        if base != word.plain and len(base) > 2:
            forms += [stem(base), stem(base + "e"), base[:-1], base[:-1] + "y"]
    return tuple(dict.fromkeys(forms))
