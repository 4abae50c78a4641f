//! Ordinary words to make names of.

pub(super) const WORDS: &str = "able about account actor adult after agency agent album alert amber angle animal answer apple \
    april arena armor artist aspect asset atlas august author autumn badge baker balance ballet bamboo banner \
    barrel basket battle beach beacon bench berry better bicycle birch blanket blossom border bottle branch bread \
    breeze bridge bright bronze brother bucket budget builder butter cabin cable camera candle canvas canyon \
    carbon carpet castle cedar center chain chair chapter charm cheese cherry circle citizen clear clever client \
    clinic cloud coast coffee collar colony color comet compass concert copper coral corner cotton council country \
    couple course cousin cradle credit crystal curve custom dance daily daughter decade delta dental desert design \
    detail diamond dinner direct doctor dolphin domain double dragon dream driver eagle early earth east easy \
    editor effect eleven energy engine entry equal error escape event ever exact expert fabric factor family farm \
    fashion father feather fence festival field figure final finger fire fisher flame flower forest forum fountain \
    frame freedom fresh friend frost fruit future galaxy garden gate gentle giant ginger glass global golden good \
    grain grand green group guard guest guide guitar habit hammer happy harbor hazel health heart helmet herald \
    hidden high hill history holiday home honest honey horizon horse hotel house human hunter ideal image indigo \
    island ivory jacket jasmine jewel journey judge jungle junior justice kettle kitchen knight label ladder lake \
    language lantern large laser leader leather legend lemon letter liberty light lily linen lion liquid little \
    local logic lotus lucky lunar magnet maple marble market master meadow medical member memory merit metal \
    middle mineral mirror mobile model modern moment money monkey morning mother motor mountain museum music \
    native nature needle neighbor network night noble north novel number nurse oasis object ocean office olive \
    open orange orbit orchard order origin oval owner oxygen paint palace panel paper parade parent park partner \
    pasture patrol peace pearl pencil people pepper perfect piano picnic pilot pioneer planet plastic player plaza \
    pocket poet point polar portal power prairie press prime prince profit project proud public purple puzzle \
    quality queen quick quiet rabbit radio rain ranch random rapid record region remote rescue result ribbon ridge \
    river robin rocket romance root rose round royal runner saddle safari sailor salad sample sand school science \
    season second secret senior series service shadow shell shelter shore silver simple singer sister smart snow \
    social soft solar solid sound source south space speed spirit spring square stable star station steel stone \
    storm story street strong studio summer sunset supply swift symbol table talent target temple tender theater \
    thunder ticket tiger timber today tower town trade trail travel treasure tree tribe triple trophy tulip tunnel \
    turtle twelve union unique urban valley value velvet victory village violet vision visit voice voyage wagon \
    walnut water wave wealth weather west whale wheat wheel white wild willow window winner winter wisdom wolf \
    wonder wood world writer yellow young zebra zenith";
