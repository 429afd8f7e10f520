"""Names that people also write small, and words that open sentences with a capital without being names."""

from __future__ import annotations

from typing import Final

_PEOPLE: Final = """
    alice bob carol dave eve alex alexander amy andrew anna anne anthony barbara ben benjamin betty brian carlos
    caroline catherine charles charlie charlotte chris christine christopher claire daniel david diana donald
    dorothy edward elena elizabeth emily emma eric erik eva frank fatima george grace hannah harry helen henry
    isabella jack jacob james jane janet jason jean jennifer jessica jim joe john jonathan jose joseph joshua juan
    julia julie karen kate kevin kim laura lauren leo linda lisa louis lucas lucy luis maria marie marta martin mary
    matthew megan mia michael michelle mike mohamed mohammed monica nancy natalie nathan nicholas nick nicole noah
    nora oliver olivia omar oscar pablo patricia patrick paul peter philip rachel ralph raj ravi rebecca richard
    robert roger ruth ryan sam samuel sandra sara sarah scott sean sofia sophia sophie stephen steve steven stella
    susan thomas tim tom tony victoria vincent walter wei william zoe einstein newton darwin shakespeare dickens
    hemingway tolstoy mozart beethoven bach chopin picasso monet rembrandt vermeer hamlet macbeth othello obama
    trump biden bush clinton lincoln washington churchill napoleon caesar cleopatra gandhi mandela messi ronaldo
    federer nadal
"""
_PLACES: Final = """
    afghanistan africa america argentina asia australia austria bangladesh belgium brazil britain bulgaria canada
    chile china colombia croatia cuba cyprus denmark egypt england estonia ethiopia europe finland france germany
    ghana greece hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kenya korea
    kuwait latvia lebanon lithuania luxembourg malaysia malta mexico morocco nepal netherlands nigeria norway
    pakistan peru philippines poland portugal qatar romania russia scotland serbia singapore slovakia slovenia spain
    sweden switzerland syria taiwan thailand tunisia turkey uganda uk ukraine usa vietnam wales zimbabwe alabama
    alaska arizona california colorado delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky
    louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio
    oklahoma oregon pennsylvania tennessee texas utah vermont virginia wisconsin wyoming amsterdam athens atlanta
    baltimore bangkok barcelona beijing berlin boston brussels budapest cairo calgary chicago cleveland copenhagen
    dallas delhi denver detroit dubai dublin edinburgh florence frankfurt geneva glasgow hamburg helsinki hongkong
    honolulu houston istanbul jakarta jerusalem johannesburg karachi kiev kyiv lagos lima lisbon liverpool london
    madrid manchester manila melbourne memphis miami milan milwaukee minneapolis montreal moscow mumbai munich
    nairobi naples nashville oakland orlando osaka oslo ottawa paris philadelphia phoenix pittsburgh portland prague
    rome rotterdam sacramento santiago seattle seoul shanghai sofia stockholm sydney taipei tampa tokyo toronto
    tucson vancouver venice vienna vilnius warsaw zurich mercury venus earth mars jupiter saturn uranus neptune
    pluto everest amazon nile danube thames
"""
_PEOPLES: Final = """
    american arabic australian austrian belgian brazilian british bulgarian canadian cantonese catalan chinese
    croatian czech danish dutch egyptian english estonian finnish french german greek hebrew hindi hungarian
    icelandic indian indonesian irish italian japanese korean latin latvian lithuanian mandarin mexican norwegian
    persian polish portuguese romanian russian scottish serbian slovak spanish swahili swedish swiss tamil thai
    turkish ukrainian urdu vietnamese welsh
"""
_PRODUCTS: Final = """
    adobe airbnb alibaba alphabet android apple asus audi aws azure bing bmw boeing chrome cisco claude costco
    debian dell delta discord disney docker ebay edge excel facebook fedora fedex firefox ford gemini github gitlab
    gmail google gpt honda hulu hyundai ibm ikea instagram intel ios ipad iphone jira kubernetes lenovo linkedin
    linux lyft macbook macos mastercard mcdonalds mercedes messenger meta microsoft mozilla netflix nike nissan
    nvidia openai opera oracle outlook paypal pepsi photoshop pinterest playstation porsche powerpoint reddit safari
    samsung skype slack snapchat sony spotify starbucks stripe target telegram tesla tiktok toyota tumblr twitch
    twitter uber ubuntu ups usps verizon visa volkswagen volvo walmart whatsapp wikipedia windows word xbox yahoo
    youtube zoom amex swift sepa bash c# c++ clojure cobol css dart django elixir erlang express fastapi flask
    fortran go golang groovy haskell html java javascript julia jquery kotlin laravel lisp lua matlab mongodb mysql
    numpy ocaml pandas perl php postgres postgresql prolog python pytorch rails react redis ruby rust sass scala
    scheme scipy sql sqlite svelte tensorflow typescript vue zig json xml yaml toml csv pdf docx png jpeg jpg gif
    svg mp3 mp4
"""
_KINDS: Final = """
    red orange yellow green blue purple pink brown gray grey violet turquoise gold silver bronze copper iron
    hydrogen helium lithium carbon nitrogen oxygen sodium chlorine potassium calcium aluminum aluminium nickel zinc
    lead beef pork chicken turkey lamb salmon tuna shrimp tofu rice pasta bread potato potatoes tomato tomatoes
    onion garlic apple apples banana bananas oranges lemon lime mango peach pear grape strawberry blueberry avocado
    coffee tea milk beer wine vodka whiskey whisky rum gin dog dogs cat cats horse horses cow cows pig pigs sheep
    goat rabbit hamster lion tiger elephant giraffe bear wolf fox eagle shark whale dolphin snake python frog spider
    butterfly guitar piano violin drums flute trumpet saxophone cello football soccer basketball baseball tennis
    golf hockey cricket rugby volleyball swimming chess monopoly poker math mathematics physics chemistry biology
    history geography aspirin ibuprofen paracetamol acetaminophen penicillin amoxicillin insulin metformin morphine
    codeine antibiotics antihistamines statins vitamin flu influenza covid measles mumps malaria tuberculosis
    diabetes asthma cancer pneumonia bronchitis arthritis migraine eczema psoriasis hepatitis anemia hypertension
    depression anxiety knee elbow shoulder ankle wrist neck hip thumb toe kidney liver lung stomach heart brain
    goose mouse rat deer moose camel bee wasp ant mosquito octopus squid crab lobster turtle lizard crocodile
    penguin owl parrot pigeon duck hen donkey kangaroo koala panda monkey gorilla bat lentils quinoa beans chickpeas
    peas carrot carrots broccoli spinach cabbage lettuce cucumber pumpkin mushroom mushrooms cherry plum apricot fig
    melon watermelon kiwi papaya coconut almond almonds walnut walnuts peanut peanuts cheese butter yogurt honey
    chocolate vanilla cinnamon ginger basil parsley pizza burger sushi tacos lasagna risotto pancakes waffles bacon
    ham sausage cod trout espresso cappuccino latte cola juice champagne tequila circle triangle rectangle pentagon
    hexagon cylinder cone sphere pyramid vegan vegetarian halal kosher sedan truck van bus tram bicycle motorcycle
    scooter helicopter boxing wrestling karate judo skiing snowboarding surfing skating cycling rowing yoga pilates
    clarinet harp trombone ukulele accordion platinum titanium uranium mercury sulfur phosphorus magnesium tungsten
    cobalt geology astronomy economics psychology philosophy sociology dentist plumber electrician carpenter lawyer
    accountant nurse pharmacist photoshop illustrator cotton wool silk linen leather polyester wood plastic glass
    concrete aries taurus gemini virgo libra scorpio sagittarius capricorn aquarius pisces buddhism hinduism islam
    christianity judaism buddhist hindu muslim christian jewish catholic protestant alto soprano tenor
"""
_OPENERS: Final = """
    about according after all also although always am an analyze and answer any anyone apply are arrange as ask at
    be because been before besides book both briefly build but buy by calculate call can change check choose
    classify clean close code combine compare complete compose compute configure consider convert copy correct could
    count create debug decide define delete deploy describe design determine develop did discuss display do does
    draft draw during each edit either eliminate email enter estimate evaluate every everything examine execute
    explain export extract fetch few figure fill final finally find first fix follow for format from generate get
    give given go good great had has have he hello help her here hey hi his how however i identify if implement
    import improve in indicate inform insert install instead interpret into invent is isn't it its just keep kindly
    later least let lets let's list load locate log look make many mark may maybe measure might modify more most
    move multiply must my name need never new next no none nothing notice now of off offer often ok okay on once one
    only open or order our out outline over paraphrase parse perform pick place plan play please plot point predict
    prepare present print produce proofread propose provide publish put quickly rank read recommend record reduce
    refactor register remind remove rename repeat rephrase replace report request research reserve reset resolve
    respond restart retrieve return review revise rewrite run save say schedule search see select send set share she
    shall should show simplify since so solve some someone something sometimes sort specify spell split start state
    still stop store submit such suggest sum summarise summarize sure swap take teach tell test thank thanks that
    the their them then there these they think this those though through to today toggle transfer transform
    translate try turn type under understand until update upload use using verify view wait want was we well were
    what what's whats when when's where where's whether which while who who's whom whose why will with within
    without would write yes yet you your
"""


def _words(*written: str) -> frozenset[str]:
    return frozenset(word for text in written for word in text.split())


_NAMES: Final = _words(_PEOPLE, _PLACES, _PEOPLES, _PRODUCTS, _KINDS)

KNOWN: Final = _NAMES | frozenset(f"{name}'s" for name in _NAMES)
"""Names of people, places, languages, products and kinds of things, also with `'s`, in lower case."""

OPENERS: Final = _words(_OPENERS)
"""Words with which English sentences open."""
