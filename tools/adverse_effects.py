"""Write lexicons/adverse-effects.yaml from the official Table of Drugs and Chemicals.

    python -m tools.adverse_effects DRUG_XML

The list of drugs and classes is our own choice; every code is the table's adverse-effect column. A class
word takes the table's own entry for the class where it has one, else the stem that all its members in
the table share; a name that the table does not have, or whose members disagree, is left out and told.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from claimwright.sources import index_file
from claimwright.sources.index_rows import IndexFile

ADVERSE = 6
OUT = Path(__file__).parent.parent / "lexicons" / "adverse-effects.yaml"

DRUGS = """
abacavir, acarbose, acetaminophen, acetazolamide, acyclovir, aciclovir, adrenaline, albuterol, alendronate,
alendronic acid, allopurinol, alprazolam, alteplase, amikacin, amiloride, aminophylline, amiodarone, amitriptyline,
amlodipine, amoxicillin, amphetamine, amphotericin B, ampicillin, anastrozole, apixaban, aripiprazole, aspirin,
atenolol, atorvastatin, atropine, azathioprine, azithromycin, aztreonam, baclofen, beclometasone, benazepril,
benzocaine, benztropine, betamethasone, bethanechol, bevacizumab, bisacodyl, bisoprolol, bleomycin, botulinum toxin,
bromocriptine, budesonide, bumetanide, bupivacaine, buprenorphine, bupropion, buspirone, busulfan, caffeine,
calcitonin, calcitriol, candesartan, capecitabine, captopril, carbamazepine, carbidopa, carboplatin, carisoprodol,
carvedilol, cefaclor, cefazolin, cefepime, cefotaxime, ceftazidime, ceftriaxone, cefuroxime, celecoxib, cephalexin,
cetirizine, chlorambucil, chloramphenicol, chlordiazepoxide, chloroquine, chlorothiazide, chlorpheniramine,
chlorpromazine, chlorpropamide, chlorthalidone, cholestyramine, cimetidine, ciprofloxacin, cisplatin, citalopram,
clarithromycin, clindamycin, clomiphene, clomipramine, clonazepam, clonidine, clopidogrel, clotrimazole, clozapine,
codeine, colchicine, cortisone, cyanocobalamin, cyclobenzaprine, cyclophosphamide, cyclosporine, cytarabine,
dabigatran, dalteparin, dantrolene, dapsone, daunorubicin, desipramine, desmopressin, dexamethasone,
dextroamphetamine, dextromethorphan, diazepam, diclofenac, dicloxacillin, dicyclomine, digoxin, diltiazem,
dimenhydrinate, diphenhydramine, diphenoxylate, dipyridamole, disopyramide, disulfiram, dobutamine, docetaxel,
docusate, dopamine, doxazosin, doxepin, doxorubicin, doxycycline, droperidol, duloxetine, enalapril, enoxaparin,
ephedrine, epinephrine, epirubicin, ergotamine, erythromycin, erythropoietin, escitalopram, estradiol, etanercept,
ethambutol, ethosuximide, etoposide, ezetimibe, famotidine, felodipine, fenofibrate, fentanyl, ferrous sulfate,
fexofenadine, filgrastim, finasteride, flecainide, fluconazole, fludrocortisone, flumazenil, fluorouracil,
fluoxetine, fluphenazine, flutamide, fluticasone, fluvastatin, fluvoxamine, folic acid, fosinopril, furosemide,
gabapentin, ganciclovir, gemcitabine, gemfibrozil, gentamicin, glibenclamide, glimepiride, glipizide, glucagon,
glyburide, glycopyrrolate, griseofulvin, guaifenesin, haloperidol, heparin, hydralazine, hydrochlorothiazide,
hydrocodone, hydrocortisone, hydromorphone, hydroxychloroquine, hydroxyurea, hydroxyzine, hyoscyamine, ibuprofen,
ibutilide, idarubicin, ifosfamide, imatinib, imipenem, imipramine, indapamide, indomethacin, infliximab, insulin,
interferon, ipratropium, irbesartan, isoniazid, isosorbide dinitrate, isosorbide, isotretinoin, itraconazole,
ivermectin, ketamine, ketoconazole, ketoprofen, ketorolac, labetalol, lactulose, lamotrigine, lansoprazole,
letrozole, leucovorin, levetiracetam, levodopa, levofloxacin, levothyroxine, lidocaine, lincomycin, linezolid,
lisinopril, lithium carbonate, loperamide, loratadine, lorazepam, losartan, lovastatin, magnesium hydroxide,
magnesium sulfate, mannitol, mebendazole, meclizine, medroxyprogesterone, mefloquine, megestrol, meloxicam,
melphalan, memantine, meperidine, mercaptopurine, meropenem, mesalazine, metformin, methadone, methimazole,
methocarbamol, methotrexate, methyldopa, methylphenidate, methylprednisolone, metoclopramide, metolazone,
metoprolol, metronidazole, mexiletine, midazolam, minocycline, minoxidil, mirtazapine, misoprostol, mitomycin,
mitoxantrone, montelukast, morphine, moxifloxacin, mycophenolate, nadolol, naloxone, naltrexone, naproxen,
neomycin, nicardipine, nicotine, nifedipine, nitrofurantoin, nitroglycerin, norepinephrine, norfloxacin,
nortriptyline, nystatin, ofloxacin, olanzapine, omeprazole, ondansetron, oxacillin, oxaliplatin, oxazepam,
oxcarbazepine, oxybutynin, oxycodone, oxytocin, paclitaxel, pancuronium, pantoprazole, paracetamol, paroxetine,
penicillamine, penicillin, pentamidine, pentoxifylline, perphenazine, phenelzine, phenobarbital, phentermine,
phenylephrine, phenytoin, phytomenadione, pilocarpine, pindolol, pioglitazone, piperacillin, piroxicam,
potassium chloride, pramipexole, pravastatin, prazosin, prednisolone, prednisone, primaquine, primidone,
probenecid, procainamide, prochlorperazine, progesterone, promethazine, propafenone, propofol, propranolol,
propylthiouracil, protamine, pseudoephedrine, psyllium, pyrazinamide, pyridostigmine, quetiapine, quinidine, quinine,
rabeprazole, raloxifene, ramipril, ranitidine, rifampicin, rifampin, risedronate, risperidone, rituximab,
rivaroxaban, ropinirole, rosuvastatin, salbutamol, salmeterol, scopolamine, selegiline, senna, sertraline,
sildenafil, simethicone, simvastatin, sirolimus, sodium bicarbonate, somatropin, sotalol, spironolactone,
streptokinase, streptomycin, sucralfate, sulfadiazine, sulfamethoxazole, sulfasalazine, sulindac, sumatriptan,
tacrolimus, tamoxifen, tamsulosin, temazepam, terazosin, terbinafine, terbutaline, testosterone, tetracycline,
thalidomide, theophylline, thiamine, thioridazine, thiotepa, thyroxine, ticagrelor, ticlopidine, timolol, tizanidine,
tobramycin, tolbutamide, tolterodine, topiramate, topotecan, torsemide, tramadol, tranexamic acid, trastuzumab,
trazodone, tretinoin, triamcinolone, triamterene, triazolam, trihexyphenidyl, trimethoprim, urokinase, ursodiol,
valacyclovir, valproate, valproic acid, valsartan, vancomycin, vasopressin, vecuronium, venlafaxine, verapamil,
vinblastine, vincristine, vinorelbine, voriconazole, warfarin, zafirlukast, zidovudine, zolpidem, zopiclone
"""
"""Generic names, our selection of what is commonly prescribed."""

CLASSES: dict[str, str | tuple[str, ...]] = {
    "ACE inhibitor": "Inhibitor > angiotensin-converting enzyme",
    "aminoglycoside": "Antibiotic NEC > aminoglycoside",
    "anabolic steroid": "Anabolic steroid",
    "antacid": "Antacid NEC",
    "antiarrhythmic": ("amiodarone", "flecainide", "procainamide", "propafenone", "quinidine"),
    "antibiotic": "Antibiotic NEC",
    "anticholinergic": "Anticholinergic NEC",
    "anticoagulant": "Anticoagulant NEC",
    "anticonvulsant": "Anticonvulsant",
    "antidepressant": "Antidepressant",
    "antidiabetic": "Antidiabetic NEC",
    "antiemetic": "Antiemetic drug",
    "antiepileptic": "Antiepilepsy agent",
    "antihistamine": "Antihistamine",
    "antihypertensive": "Antihypertensive drug NEC",
    "antimalarial": "Antimalarial",
    "antineoplastic": "Antineoplastic NEC",
    "antipsychotic": "Antipsychotic drug",
    "antitussive": "Antitussive NEC",
    "antiviral": "Antiviral drug NEC",
    "barbiturate": "Barbiturate NEC",
    "benzodiazepine": "Benzodiazepine NEC",
    "beta blocker": "Antagonist > beta-adrenoreceptor",
    "bisphosphonate": ("etidronate", "etidronic acid", "pamidronic acid", "disodium etidronate"),
    "blood thinner": "Anticoagulant NEC",
    "bronchodilator": "Bronchodilator NEC",
    "calcium channel blocker": "Blockers, calcium channel",
    "cardiac glycoside": "Glycoside, cardiac (stimulant)",
    "cephalosporin": "Cephalosporins",
    "chemotherapy": "Cancer chemotherapy drug regimen",
    "contrast medium": "Contrast medium, radiography",
    "contrast dye": "Contrast medium, radiography",
    "corticosteroid": "Corticosteroid",
    "decongestant": "Decongestant, nasal (mucosa)",
    "diuretic": "Diuretic NEC",
    "estrogen": "Estrogen",
    "fibrate": ("fenofibrate", "gemfibrozil", "clofibrate", "bezafibrate"),
    "fluoroquinolone": "Fluoroquinolone antibiotics",
    "glucocorticoid": "Glucocorticosteroid|Glucocorticosteroids",
    "H2 blocker": ("cimetidine", "ranitidine", "famotidine", "nizatidine"),
    "immunosuppressant": "Immunosuppressive drug",
    "influenza vaccine": "Influenza vaccine",
    "iron": "Iron (compounds) (medicinal) NEC",
    "laxative": "Laxative NEC",
    "loop diuretic": "Diuretic NEC > loop (high-ceiling)",
    "macrolide": "Macrolide > antibiotic",
    "MAO inhibitor": "Monoamine oxidase inhibitor NEC",
    "mineralocorticoid": "Mineralocorticosteroid",
    "muscle relaxant": "Skeletal muscle relaxants",
    "narcotic": "Narcotic (drug)",
    "neuroleptic": "Neuroleptic drug NEC",
    "nitrate": "Nitrate, organic",
    "NSAID": "Anti-inflammatory drug NEC > nonsteroidal NEC",
    "opiate": "Opiate NEC",
    "opioid": "Opioid NEC",
    "oral contraceptive": "Oral contraceptives",
    "PPI": ("omeprazole", "lansoprazole", "pantoprazole", "rabeprazole", "esomeprazole"),
    "proton pump inhibitor": ("omeprazole", "lansoprazole", "pantoprazole", "rabeprazole", "esomeprazole"),
    "psychostimulant": "Psychostimulant",
    "radiocontrast": "Contrast medium, radiography",
    "sedative": "Sedative NEC",
    "SNRI": "Antidepressant > selective serotonin norepinephrine reuptake inhibitor",
    "SSRI": "Antidepressant > selective serotonin reuptake inhibitor",
    "statin": ("lovastatin", "pravastatin", "simvastatin", "fluvastatin", "atorvastatin"),
    "steroid": "Steroid",
    "sulfa drug": "Sulfonamide NEC",
    "sulfonamide": "Sulfonamide NEC",
    "sulfonylurea": "Sulfonylurea derivatives, oral",
    "thiazide": "Thiazides (diuretics)",
    "thrombolytic": "Fibrinolytic drug",
    "thyroid hormone": "Hormone > thyroid",
    "tricyclic antidepressant": "Antidepressant > tricyclic",
    "vaccine": "Vaccine NEC",
}
CLASSES |= {
    "busulfan": "Busulfan, busulphan",
    "cyclosporine": "Cyclosporin",
    "docusate": "Docusate sodium",
    "ferrous sulfate": "Ferrous fumerate, gluconate, lactate, salt NEC, sulfate (medicinal)",
    "medroxyprogesterone": "Medroxyprogesterone acetate (depot)",
    "nitroglycerin": "Nitroglycerin, nitro-glycerol (medicinal)",
    "protamine": "Protamine sulfate",
    "psyllium": "Psyllium hydrophilic mucilloid",
    "pyridostigmine": "Pyridostigmine bromide",
    "vecuronium": "Vecuronium bromide",
}
"""Class words, and names that the table spells otherwise: a path of the table (or several, the first that it
has), or members that the table lists."""


class Drugs:
    """The table by path and by name; `see` is followed."""

    def __init__(self, file: IndexFile) -> None:
        self.name = file.name
        self._rows = file.rows
        self._paths = [self._path(at) for at in range(len(file.rows))]
        self._at: dict[str, int] = {}
        for at in reversed(range(len(file.rows))):
            path = self._paths[at]
            self._at[path.lower()] = at
            if " > " not in path:
                self._at[file.rows[at].words.essential.removesuffix(" NEC").strip().lower()] = at
            elif path.count(" > ") == 1:
                # "potassium chloride" stands as Potassium (salts) NEC > chloride
                first = file.rows[file.rows[at].parent].words.essential.removesuffix(" NEC").split(",")[0]
                joined = f"{first} {file.rows[at].words.essential.removesuffix(' NEC')}".lower()
                self._at.setdefault(" ".join(joined.split()), at)

    def _path(self, at: int) -> str:
        out: list[str] = []
        while at >= 0:
            out.insert(0, self._rows[at].words.printed)
            at = self._rows[at].parent
        return " > ".join(out)

    def find(self, name: str, jumps: int = 3) -> tuple[str, str] | None:
        """(adverse-effect stem, path) of a path or a name."""
        at = self._at.get(name.lower())
        if at is None:
            return None
        row = self._rows[at]
        code = dict(row.cells).get(ADVERSE)
        if code:
            return code, self._paths[at]
        if row.see and jumps:
            for target in (row.see[0], row.see[0].replace(", ", " > ")):
                found = self.find(target, jumps - 1)
                if found:
                    return found[0], f"{self._paths[at]} - see {row.see[0]} > {found[1]}"
        return None


def class_row(drugs: Drugs, entry: str | Sequence[str]) -> tuple[str, str] | None:
    """(stem, path) of a class: its own entry, or what its members share, which the path then says."""
    if isinstance(entry, str):
        return next((found for path in entry.split("|") if (found := drugs.find(path))), None)
    found = {name: each[0] for name in entry if (each := drugs.find(name))}
    codes = set(found.values())
    if len(codes) != 1:
        return None
    said = "common stem of" if len(found) > 1 else "stem of its only member there,"
    return codes.pop(), f"no entry for the class; {said} {', '.join(found)}"


def main(file: Path) -> None:
    """Write the lexicon and tell what was left out."""
    drugs = Drugs(index_file.read(file)[0])
    names = [" ".join(name.split()) for name in DRUGS.split(",")]
    rows: dict[str, tuple[str, str] | None] = {name: drugs.find(name) for name in names}
    rows |= {name: class_row(drugs, entry) for name, entry in CLASSES.items()}
    left = sorted(name for name, found in rows.items() if found is None)
    lines = [
        "# Written by tools/adverse_effects.py from the Table of Drugs and Chemicals; do not edit.",
        "# drug: the word in a note (our selection). code: the table's adverse-effect column, a stem that still",
        "# needs its 7th character. path: the entry of the table; for a class without one, the members that share it.",
        "lexicon: adverse-effects",
        "says: Adverse-effect stems of common drugs and drug classes, for notes without the full Table of Drugs.",
        f"source: {{document: ICD-10-CM Table of Drugs and Chemicals, edition: {drugs.name}, issuer: CDC/NCHS}}",
        "reviewed: 2026-11-21",
        "rows:",
    ]
    for name in sorted(rows, key=str.lower):
        found = rows[name]
        if found:
            lines.append(f'  - {{drug: "{name}", code: {found[0]}, path: "{found[1]}"}}')
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows) - len(left)} rows; not in the table: {', '.join(left)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
